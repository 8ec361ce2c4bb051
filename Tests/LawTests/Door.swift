/// The way to the server, on which every answer to a `GET` is looked at.
struct Door: Sendable {
    let server: Server
    let ledger: Ledger
    /// Whether nobody else is asking for anything meanwhile.
    let isQuiet: Bool

    /// Asks, and checks what can be checked without knowing what it is about.
    func get(_ ask: Ask) async throws -> Answer {
        let answer = await server.answer(ask)
        if answer.status == 200 { try ledger.record(answer, to: ask) }
        if isQuiet { try await compare(answer, to: ask) }
        return answer
    }

    /// A server that has nothing in memory must say the same: `304` included, and the body behind it.
    private func compare(_ answer: Answer, to ask: Ask) async throws {
        let fresh = await server.freshAnswer(ask)
        try require(
            answer == fresh,
            """
            memory and store disagree for \(ask.user) at \(ask.url), If-None-Match \(ask.ifNoneMatch ?? "none")
            memory: \(answer.status) \(answer.etag ?? "") \(answer.cursor ?? "") \(answer.text)
            store:  \(fresh.status) \(fresh.etag ?? "") \(fresh.cursor ?? "") \(fresh.text)
            """)
        guard answer.status == 304 else { return }
        let unconditional = await server.freshAnswer(Ask(user: ask.user, url: ask.url))
        try require(
            unconditional.status == 200 && unconditional.etag == answer.etag,
            "a 304 for \(ask.user) at \(ask.url), where a GET without condition answers \(unconditional)")
        try ledger.record(unconditional, to: Ask(user: ask.user, url: ask.url))
    }
}
