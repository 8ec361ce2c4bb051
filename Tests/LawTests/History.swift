import HTTP
import Messaging
import MessagingHTTP
import StoreTestSupport
import StoreWork
import TestSupport

/// One random history: a few people write, read and poll, one after the other or all at once, over restarts.
struct History {
    private static let people = ["ann", "ben", "cyd", "dan", "eve x"]

    private let home: StoreHome
    private let nodes: Int
    private let fault: NodeFault?
    private let clock = Server.Clock()
    private let tags = EntityTagLog()
    private var server: Server
    private var chance: Generator
    private var clients: [Client]
    private var model = NaiveModel()
    private var waiters = Waiters()

    /// - Parameters:
    ///   - nodes: how many nodes share the store. Where they are several, it is one of SQLite, whose commits go through a feed.
    ///   - fault: what the nodes do wrong.
    init(seed: UInt64, nodes: Int = 1, fault: NodeFault? = nil) throws {
        self.nodes = nodes
        self.fault = fault
        chance = Generator(seed: seed)
        home = try nodes == 1 ? StoreHome() : StoreHome(.sqlite)
        // Most answers have some 200 bytes for each message.
        let answers = Server.Bounds(
            answer: chance.pick([1, 300, 700, 2000, 1 << 20]), embedded: chance.pick([0, 20, 60, 64 << 10]))
        server = try Server(
            home: home, indexCapacity: chance.pick([1, 2, 5, 1000]), clock: clock,
            bounds: Self.bounds(&chance), answers: answers, nodes: nodes, fault: fault)
        // Two of Ann's, and Zoe, who takes part in nothing.
        var clients: [Client] = []
        for user in Self.people + ["ann", "zoe"] {
            clients.append(Client(user: user, embedded: chance.pick([0, 1, 3, 20])))
        }
        self.clients = clients
    }

    /// Mostly so small that lists are long, conversations have all their copies, and names change in steps.
    private static func bounds(_ chance: inout Generator) -> StoreBounds {
        var bounds = StoreBounds()
        guard !chance.once(in: 4) else { return bounds }
        bounds.shortList = chance.pick([1, 2, 4])
        bounds.mostCopies = chance.pick([0, 1, 3, 64])
        bounds.listsCheckedAtOnce = chance.pick([1, 32])
        bounds.rowsRenamedAtOnce = chance.pick([1, 20, 2000])
        bounds.messagesRemovedAtOnce = chance.pick([1, 3, 500])
        return bounds
    }

    /// Runs it, in the end lets every client catch up, and checks the stored data.
    mutating func run(steps: Int) async throws {
        try await act(steps: steps)
        let faults = try home.check()
        try require(faults.isEmpty, "the data: \(faults)")
    }

    private mutating func act(steps: Int) async throws {
        defer { server.close() }
        for step in 0..<steps {
            do {
                try await self.step(step)
                try await waiters.check(server)
            } catch let violation as Violation {
                throw Violation(description: "step \(step): \(violation)")
            }
        }
        do {
            try await catchUp()
            try await waiters.stop(server)
        } catch let violation as Violation {
            throw Violation(description: "at the end: \(violation)")
        }
    }

    private mutating func step(_ step: Int) async throws {
        switch Int.random(in: 0..<40, using: &chance) {
        case 0: try await restart()
        case 1: try await checkStrangers()
        case 2: try await rename(step)
        case 3..<8: try await concurrentStep(step)
        case 8..<14: try await startWaiter()
        case 14: try await waiters.timeOut(&chance, server)
        case 15: try await remove(makeRemoval(isAlone: true))
        default:
            let place = Int.random(in: clients.indices, using: &chance)
            let clientStep = try await Self.perform(
                clientStep(of: place, isSequential: true), Self.people, step, actions: 1)
            clients[place] = clientStep.client
            for fact in clientStep.facts { try model.apply(fact) }
        }
    }

    /// A step of several clients at the same time, each with a few actions, and maybe of an operator.
    private mutating func concurrentStep(_ step: Int) async throws {
        let places = Array(clients.indices.shuffled(using: &chance).prefix(.random(in: 2...6, using: &chance)))
        // Mostly in one conversation, where the actions of one can disturb those of another.
        let focus = model.talks.keys.sorted().randomElement(using: &chance)
        let steps = places.map { clientStep(of: $0, isSequential: false, focus: focus) }
        let operators = chance.once(in: 5)
        let removal = server.store is any DataRemover && chance.once(in: 8) ? makeRemoval(isAlone: false) : nil
        let done = try await withThrowingTaskGroup(of: (Int, ClientStep)?.self) { group in
            for (place, clientStep) in zip(places, steps) {
                group.addTask { (place, try await Self.perform(clientStep, Self.people, step, actions: 4)) }
            }
            if let removal {
                group.addTask { [server] in
                    try await removal.run(on: server)
                    return nil
                }
            }
            if operators { try await rename(step) }
            var done: [(Int, ClientStep)] = []
            for try await next in group.compactMap({ $0 }) { done.append(next) }
            return done
        }
        if let removal {
            await server.catchUp()
            try model.apply(removal.fact)
        }
        var touched: Set<String> = []
        for (place, clientStep) in done {
            clients[place] = clientStep.client
            for fact in clientStep.facts { try model.apply(fact) }
            touched.formUnion(clientStep.facts.compactMap(\.conversation))
        }
        try await pollTouched(touched.sorted())
    }

    /// Polls what was changed before the next commit can replace what is stale in memory.
    private mutating func pollTouched(_ touched: [String]) async throws {
        let access = CheckedAccess(server: server, tags: tags, isSequential: true)
        for id in touched {
            guard let talk = model.talks[id] else { continue }
            _ = try await access.get(TestRequest(user: chance.pick(talk.members), url: Client.path(id, "messages")))
        }
        for var client in clients {
            _ = try await client.browser.get(client.list.url(), conditional: true, access)
            for reference in client.singles.keys.sorted() { try await client.pollSingle(reference, &chance, access) }
        }
    }

    private mutating func clientStep(of place: Int, isSequential: Bool, focus: String? = nil) -> ClientStep {
        ClientStep(
            client: clients[place], chance: Generator(seed: chance.next()), model: model, focus: focus,
            access: CheckedAccess(server: server, tags: tags, isSequential: isSequential))
    }

    private static func perform(_ clientStep: ClientStep, _ people: [String], _ step: Int, actions: Int) async throws
        -> ClientStep
    {
        var clientStep = clientStep
        for action in 0..<actions { try await clientStep.act(people, step: step * 10 + action) }
        return clientStep
    }

    /// Lets somebody wait for something, by entity tag or by cursor.
    private mutating func startWaiter() async throws {
        let client = chance.pick(clients)
        let talks = model.talks(of: client.user)
        let limit = chance.pick(["", "?limit=2", "?limit=500"])
        guard !chance.once(in: 3), !talks.isEmpty else {
            let embedded = chance.pick(["", "?messages=0", "?messages=2&limit=1"])
            return try await waiters.start(
                client.user, client.list.path + embedded, at: server, byCursor: chance.once(in: 2))
        }
        let talk = chance.pick(talks)
        if chance.once(in: 3) {
            try await waiters.start(client.user, Client.path(talk.id), at: server, byCursor: false)
        } else {
            try await waiters.start(
                client.user, Client.path(talk.id, "messages") + limit, at: server, byCursor: chance.once(in: 2))
        }
    }

    private mutating func rename(_ step: Int) async throws {
        let user = chance.pick(Self.people)
        let (name, company) = (chance.pick(["", "Dana \(step)", "Ö \(step % 3)"]), chance.pick(["", "Acme", "Zeta"]))
        try await server.setPerson(Person(id: UserID(trusted: user), name: name, company: company))
        try model.apply(.named(user: user, name: name, company: company))
    }

    /// Something that an operator takes away; nothing yet where there is nothing.
    ///
    /// - Parameter isAlone: whether nobody acts at the same time; otherwise it is about what was there before.
    private mutating func makeRemoval(isAlone: Bool) -> Removal? {
        let written = model.talks.values.sorted { $0.id < $1.id }.filter { !$0.messages.isEmpty }
        guard !written.isEmpty else { return nil }
        let talk = chance.pick(written)
        let message = chance.pick(talk.messages.values.sorted { $0.n < $1.n })
        return switch Int.random(in: 0..<6, using: &chance) {
        case 0 where isAlone: Removal(fact: .forgotten(user: chance.pick(Self.people)))
        case 0..<3: Removal(fact: .erased(conversation: talk.id, n: message.n))
        default:
            Removal(
                fact: .pruned(conversation: chance.once(in: 4) ? nil : talk.id, before: message.milliseconds))
        }
    }

    /// Takes something away, beside the server or while it is stopped, while no client acts.
    private mutating func remove(_ removal: Removal?) async throws {
        guard let removal else { return }
        if server.store is any DataRemover, !chance.once(in: 4) {
            try await removal.run(on: server)
            await server.catchUp()
        } else {
            await waiters.lose()
            server.close()
            let offline = try home.remover()
            try removal.run(on: offline)
            offline.close()
            server = try Server(
                home: home, indexCapacity: chance.pick([1, 2, 5, 1000]), clock: clock,
                bounds: Self.bounds(&chance), answers: server.answers, nodes: nodes, fault: fault)
            waiters.comeBack(to: server)
        }
        try model.apply(removal.fact)
    }

    /// Expects that a user who does not take part in a conversation gets the answers of one that does not exist.
    private mutating func checkStrangers() async throws {
        guard !model.talks.isEmpty else { return }
        let talk = chance.pick(model.talks.values.sorted { $0.id < $1.id })
        let strangers = clients.map(\.user).filter { !talk.members.contains($0) }
        let stranger = chance.pick(strangers)
        let endpoints: [(Method, String)] = [
            (.get, "/messages"), (.head, "/messages"), (.put, "/read"), (.post, "/read"), (.get, ""), (.head, ""),
        ]
        for (method, end) in endpoints {
            let theirs = await server.answer(
                TestRequest(method: method, user: stranger, url: Client.path(talk.id) + end))
            let nobodys = await server.answer(
                TestRequest(method: method, user: stranger, url: Client.path("nothing") + end))
            try require(
                theirs == nobodys && theirs.status == 404,
                "\(stranger) learns of \(talk.id): \(theirs.status) \(theirs.text), not \(nobodys.text)")
        }
    }

    /// Stops or kills the server, starts it with an empty index, and expects that the tags and cursors of its clients still hold.
    private mutating func restart() async throws {
        var known: [(request: TestRequest, cursor: String?)] = []
        for client in clients {
            let threads = client.threads.values.compactMap { $0.cursor == nil ? nil : $0.path }
            let paths = [client.list.path] + threads + client.singles.keys.map { Client.path($0) }
            for path in paths.sorted().prefix(3) {
                let answer = await server.answer(TestRequest(user: client.user, url: path))
                try tags.record(answer, to: TestRequest(user: client.user, url: path))
                known.append((TestRequest(user: client.user, url: path, ifNoneMatch: answer.etag), answer.cursor))
            }
        }
        if chance.once(in: 2) { try await waiters.stop(server) } else { await waiters.lose() }
        server.close()
        server = try Server(
            home: home, indexCapacity: chance.pick([1, 2, 5, 1000]), clock: clock,
            bounds: Self.bounds(&chance), answers: server.answers, nodes: nodes, fault: fault)
        waiters.comeBack(to: server)
        for (request, cursor) in known {
            let answer = await server.answer(request)
            try require(
                answer.status == 304 && answer.cursor == cursor,
                "after a restart, \(answer.status) for \(request.user) at \(request.url), who had \(request.ifNoneMatch ?? "")"
            )
        }
    }

    /// Has every client follow to the end and fetch the older pages, and expects that it then has everything.
    private mutating func catchUp() async throws {
        let access = CheckedAccess(server: server, tags: tags, isSequential: true)
        let audit = Audit(model: model, server: server)
        for var client in clients {
            if client.list.cursor == nil { try await client.pollList(&chance, access) }
            try await client.list.followToEnd(&client.browser, &chance, access)
            while client.list.previous != nil { try await client.list.fetchOlder(&client.browser, &chance, access) }
            try await audit.check(client, limit: 500)
            for talk in model.talks(of: client.user) {
                let others = talk.members.filter { $0 != client.user }
                for reference in [talk.id] + (talk.isDirect ? others.map { "@\($0)" } : []) {
                    try await client.pollSingle(reference, &chance, access)
                    try audit.check(client.singles[reference], of: talk, for: client)
                    try await client.completeThread(reference, erasures: talk.erasures, &chance, access)
                    guard let thread = client.threads[reference] else { continue }
                    try await audit.check(thread, of: talk, for: client.user, limit: 500)
                }
            }
        }
    }
}
