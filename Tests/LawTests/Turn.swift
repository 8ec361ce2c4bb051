/// What one client does in one step: a few actions, one after the other.
struct Turn: Sendable {
    var client: Client
    var chance: Generator
    /// What the client knows when its turn begins, and what it does itself; others may be busy meanwhile.
    var model: NaiveModel
    /// The conversation it is mostly about; nil for none.
    let focus: String?
    let door: Door
    private(set) var facts: [NaiveModel.Fact] = []

    init(client: Client, chance: Generator, model: NaiveModel, focus: String?, door: Door) {
        self.client = client
        self.chance = chance
        self.model = model
        self.focus = focus
        self.door = door
    }

    var user: String { client.user }

    mutating func act(_ people: [String], step: Int) async throws {
        let mine = model.talks(of: user)
        switch Int.random(in: 0..<20, using: &chance) {
        // Few enough that each gets long.
        case 0..<2: if people.contains(user), mine.count < 8 { try await open(people, step) }
        case 2..<7: if !mine.isEmpty { try await send(to: pick(mine)) }
        case 7..<11: if !mine.isEmpty { try await mark(pick(mine)) }
        case 11..<17: if !mine.isEmpty { try await pollThread(pick(mine)) }
        default: try await pollList()
        }
    }

    private mutating func pick(_ talks: [NaiveModel.Talk]) -> NaiveModel.Talk {
        if let talk = talks.first(where: { $0.id == focus }), !chance.once(in: 4) { return talk }
        return chance.pick(talks)
    }

    mutating func note(_ fact: NaiveModel.Fact) throws {
        facts.append(fact)
        try model.apply(fact)
    }

    /// A way to name a conversation.
    mutating func reference(to talk: NaiveModel.Talk) -> String {
        guard talk.isDirect, chance.once(in: 2), let other = talk.members.first(where: { $0 != user }) else {
            return talk.id
        }
        return "@\(other)"
    }

    private mutating func pollThread(_ talk: NaiveModel.Talk) async throws {
        let reference = reference(to: talk)
        try await client.pollThread(reference, &chance, door)
        guard let thread = client.threads[reference], thread.isUpToDate else { return }
        try checkOwnWrites(in: thread, talk)
        guard door.isQuiet else { return }
        try await Audit(model: model, server: door.server).check(
            thread, of: talk, for: user, limit: chance.pick([2, 5, 500]))
    }

    private mutating func pollList() async throws {
        try await client.pollList(&chance, door)
        for entry in client.list.entries.values {
            try require(
                entry.participants.contains { $0.id == user }, "the list of \(user) holds \(entry.id) of others")
        }
        guard door.isQuiet, client.list.isUpToDate else { return }
        try await Audit(model: model, server: door.server).check(client, limit: chance.pick([1, 3, 500]))
    }

    /// Whoever has been answered sees what they did, however busy the others are.
    private func checkOwnWrites(in thread: Picture<WireMessage>, _ talk: NaiveModel.Talk) throws {
        for fact in facts {
            switch fact {
            case .sent(let message, _, _) where message.conversationId == talk.id && message.n >= thread.floor:
                try require(thread.entries[message.id] != nil, "\(user) does not see \(message.id), sent before")
            case .marked(talk.id, _, let upTo):
                let unread = thread.entries.values.filter { $0.n <= upTo && !$0.sent && !$0.read }.map(\.id)
                try require(unread.isEmpty, "\(user) sees \(unread) as unread, having read up to \(upTo)")
            default: break
            }
        }
    }
}
