import TestSupport

/// The actions of one client in one step of a history, one after the other.
struct ClientStep: Sendable {
    var client: Client
    var chance: Generator
    /// The state when the step begins, and what this client did since; other clients may act at the same time.
    var model: NaiveModel
    /// The conversation it is mostly about; nil for none.
    let focus: String?
    let access: CheckedAccess
    private(set) var facts: [NaiveModel.Fact] = []

    init(client: Client, chance: Generator, model: NaiveModel, focus: String?, access: CheckedAccess) {
        self.client = client
        self.chance = chance
        self.model = model
        self.focus = focus
        self.access = access
    }

    var user: String { client.user }

    mutating func act(_ people: [String], step: Int) async throws {
        let mine = model.talks(of: user)
        switch Int.random(in: 0..<20, using: &chance) {
        // Few enough that each gets long.
        case 0..<2: if people.contains(user), mine.count < 8 { try await open(people, step) }
        case 2..<7: if !mine.isEmpty { try await send(to: pick(mine)) }
        case 7..<11: if !mine.isEmpty { try await mark(pick(mine)) }
        case 11..<15: if !mine.isEmpty { try await pollThread(pick(mine)) }
        case 15..<17: if !mine.isEmpty { try await pollSingle(pick(mine)) }
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
        // While others act, one more may be on its way.
        let erasures = (model.talks[talk.id]?.erasures ?? 0) + (access.isSequential ? 0 : 1)
        try await client.pollThread(reference, erasures: erasures, &chance, access)
        guard let thread = client.threads[reference], thread.isUpToDate else { return }
        try checkOwnWrites(in: thread, talk)
        guard access.isSequential else { return }
        try await Audit(model: model, server: access.server).check(
            thread, of: talk, for: user, limit: chance.pick([2, 5, 500]))
    }

    private mutating func pollSingle(_ talk: NaiveModel.Talk) async throws {
        let reference = reference(to: talk)
        try await client.pollSingle(reference, &chance, access)
        guard access.isSequential else { return }
        try Audit(model: model, server: access.server).check(client.singles[reference], of: talk, for: client)
    }

    private mutating func pollList() async throws {
        try await client.pollList(&chance, access)
        for entry in client.list.entries.values {
            try require(
                entry.participants.contains { $0.id == user }, "the list of \(user) holds \(entry.id) of others")
        }
        guard access.isSequential, client.list.isUpToDate else { return }
        try await Audit(model: model, server: access.server).check(client, limit: chance.pick([1, 3, 500]))
    }

    /// Expects that a client sees what it was answered for, whatever other clients do at the same time.
    private func checkOwnWrites(in thread: MergedView<WireMessage>, _ talk: NaiveModel.Talk) throws {
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
