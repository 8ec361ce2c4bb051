/// The law itself: what was merged equals a fresh snapshot, and that is what the naive model says.
struct Audit: Sendable {
    let model: NaiveModel
    let server: Server

    func check(_ thread: MergedView<WireMessage>, of talk: NaiveModel.Talk, for viewer: String, limit: Int) async throws
    {
        let fresh: [WireMessage] = try await everything(at: thread.path, for: viewer, limit: limit).reversed()
        try Self.compare(
            fresh, model.messages(of: talk, for: viewer), "a fresh snapshot of \(talk.id) for \(viewer)", "the model")
        for (place, message) in fresh.enumerated() {
            try require(message.id == "\(talk.id):\(talk.prunedUpTo + place + 1)", "\(message.id) has the wrong number")
        }
        let merged = thread.entries.values.sorted { $0.n < $1.n }
        let covered = fresh.filter { $0.n >= thread.floor || thread.entries[$0.id] != nil }
        try Self.compare(
            merged, covered, "what \(viewer) merged of \(talk.id), from \(thread.floor) on", "a fresh snapshot")
    }

    /// One conversation is what the list says of it, with everybody in it.
    func check(_ single: WireConversation?, of talk: NaiveModel.Talk, for client: Client) throws {
        let single = try single.orViolation("\(client.user) has no picture of \(talk.id)")
        let expected = model.conversation(
            talk, for: client.user, embedded: client.embedded, within: server.answers.embedded,
            initials: single.initials, showsAll: true)
        try Self.compare([single], [expected], "\(talk.id) by itself for \(client.user)", "the model")
    }

    func check(_ client: Client, limit: Int) async throws {
        let parameter = client.embedded == 20 ? "" : "&messages=\(client.embedded)"
        let fresh: [WireConversation] = try await everything(
            at: client.list.path, for: client.user, limit: limit, parameter)
        let initials = Dictionary(fresh.map { ($0.id, $0.initials) }) { first, _ in first }
        let expected = model.talks(of: client.user).map { talk in
            model.conversation(
                talk, for: client.user, embedded: client.embedded, within: server.answers.embedded,
                initials: initials[talk.id] ?? "")
        }
        let sorted = fresh.sorted { $0.id < $1.id }
        try Self.compare(sorted, expected, "a fresh list for \(client.user)", "the model")
        let covered = sorted.filter { client.list.previous == nil || client.list.entries[$0.id] != nil }
        try Self.compare(
            client.list.entries.values.sorted { $0.id < $1.id }, covered, "what \(client.user) merged of the list",
            "a fresh list")
    }

    /// Pages through everything, newest page first; pages of messages come turned around, so that all is newest first.
    private func everything<Entry: WireEntry>(
        at path: String, for viewer: String, limit: Int, _ parameter: String = ""
    ) async throws -> [Entry] {
        var found: [Entry] = []
        var url: String? = "\(path)?limit=\(limit)\(parameter)"
        while let asked = url {
            let answer = await server.freshAnswer(TestRequest(user: viewer, url: asked))
            try require(answer.status == 200, "\(answer.status) for \(viewer) at \(asked): \(answer.text)")
            let page = try parse([Entry].self, answer.body)
            try require(
                page.count <= 1 || answer.body.count <= server.answers.answer, "\(answer.body.count) bytes at \(asked)")
            try require(page.count <= limit, "\(page.count) entries at \(asked)")
            found += Entry.self == WireMessage.self ? page.reversed() : page
            url = answer.link("prev")
        }
        return found
    }

    private static func compare<Entry: WireEntry>(
        _ got: [Entry], _ wanted: [Entry], _ what: String, _ than: String
    ) throws {
        guard got != wanted else { return }
        let pairs = Dictionary(wanted.map { ($0.id, $0) }) { first, _ in first }
        let ids = Set(got.map(\.id))
        let missing = wanted.map(\.id).filter { !ids.contains($0) }
        let surplus = got.map(\.id).filter { pairs[$0] == nil }
        let different = got.first { pairs[$0.id] != nil && pairs[$0.id] != $0 }
        var message = "\(what) differs from \(than): missing \(missing), surplus \(surplus)"
        if let different, let other = pairs[different.id] { message += "\ngot:    \(different)\nwanted: \(other)" }
        throw Violation(description: message)
    }
}
