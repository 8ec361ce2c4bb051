/// A client's access to the server, which checks every answer to a `GET`.
struct CheckedAccess: Sendable {
    let server: Server
    let tags: EntityTagLog
    /// Whether no other client sends requests at the same time; then each answer is compared with that of a server without memory.
    let isSequential: Bool

    /// Sends a request and checks what holds of any answer, whatever it is about.
    func get(_ request: TestRequest) async throws -> Answer {
        let answer = await server.answer(request)
        if answer.status == 200 { try tags.record(answer, to: request) }
        if isSequential { try await compare(answer, to: request) }
        return answer
    }

    /// Expects the same answer from a server that has nothing in memory, `304` included, and the body behind it.
    private func compare(_ answer: Answer, to request: TestRequest) async throws {
        let fresh = await server.freshAnswer(request)
        try require(
            answer == fresh,
            """
            memory and store disagree for \(request.user) at \(request.url), If-None-Match \(request.ifNoneMatch ?? "none")
            memory: \(answer.status) \(answer.etag ?? "") \(answer.cursor ?? "") \(answer.prunedUpTo ?? 0) \(answer.text)
            store:  \(fresh.status) \(fresh.etag ?? "") \(fresh.cursor ?? "") \(fresh.prunedUpTo ?? 0) \(fresh.text)
            """)
        guard answer.status == 304 else { return }
        let plain = TestRequest(user: request.user, url: request.url, acceptsGzip: request.acceptsGzip)
        let unconditional = await server.freshAnswer(plain)
        try require(
            unconditional.status == 200 && unconditional.etag == answer.etag,
            "a 304 for \(request.user) at \(request.url), where a GET without condition answers \(unconditional)")
        try tags.record(unconditional, to: plain)
    }
}
