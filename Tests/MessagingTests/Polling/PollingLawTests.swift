import Messaging
import TestSupport
import Testing

@Suite("The law of polling, without a store")
struct PollingLawTests {
    /// A conversation as its events make it, with nothing but the rules of this module to answer polls.
    private struct Model {
        var senders: [UserID] = []
        var readers: [UserID: Int64]
        var prunedUpTo: Int64 = 0

        init(_ users: [UserID]) {
            readers = Dictionary(uniqueKeysWithValues: users.map { ($0, 0) })
        }

        func marks(_ viewer: UserID) throws -> ReadMarks {
            let people = readers.sorted { $0.key < $1.key }.map {
                Conversation.Participant(user: $0.key, readUpTo: $0.value)
            }
            let conversation = Conversation(id: talk, key: 1, lastN: Int64(senders.count), participants: people)
            return try #require(conversation.marks(for: viewer))
        }

        /// The position of somebody who has seen everything.
        func cursor(_ viewer: UserID) throws -> MessageCursor {
            MessageCursor(
                epoch: k3f9, view: CursorKey(random: 1, 2).view(of: talk, by: Caller(user: viewer)),
                marks: try marks(viewer))
        }

        /// What a viewer sees of every message, worked out from the definition of `read`.
        func fresh(_ viewer: UserID) -> [Int64: Bool] {
            var flags: [Int64: Bool] = [:]
            for (place, sender) in senders.enumerated() {
                let n = Int64(place + 1)
                let needed = sender == viewer ? readers.keys.filter { $0 != viewer } : [viewer]
                guard n > prunedUpTo else { continue }
                flags[n] = needed.allSatisfy { readers[$0, default: 0] >= n }
            }
            return flags
        }

        /// Takes away messages from the beginning; what is gone is read.
        mutating func prune(_ chance: inout Generator) {
            prunedUpTo = Int64.random(in: 0...Int64(senders.count), using: &chance)
            readers = readers.mapValues { max($0, prunedUpTo) }
        }

        mutating func change(_ chance: inout Generator) {
            guard let user = readers.keys.sorted().randomElement(using: &chance) else { return }
            if Int.random(in: 0..<3, using: &chance) > 0 {
                senders.append(user)
            } else {
                let mark = readers[user, default: 0]
                readers[user] = Int64.random(in: mark...Int64(senders.count), using: &chance)
            }
        }
    }

    private struct Client {
        let viewer: UserID
        var seen: [Int64: Bool] = [:]
        var cursor = ""

        /// Follows `since` once; answers whether more is waiting.
        mutating func poll(_ model: Model, limit: Int) throws -> Bool {
            let current = try model.cursor(viewer)
            let now = current.marks
            let old = try MessageCursor(cursor, in: talk, current: current).marks
            let slices = MessageWindow.since(old).slices(
                now: now, viewer: viewer, limit: limit, prunedUpTo: model.prunedUpTo)
            let all = model.senders.enumerated().map { message(Int64($0 + 1), from: $1) }
            try #require(slices.allSatisfy { $0.numbers.lowerBound > model.prunedUpTo }, "what is gone is asked for")
            let taken = try all.filter { message in
                let holders = slices.count { $0.contains(message) }
                try #require(holders <= 1, "a message would be returned twice")
                return holders > 0
            }
            let returned = taken.prefix(limit)
            for message in returned {
                seen[message.n] = now.isRead(message.n, writtenByViewer: message.sender == viewer)
            }
            let position = MessageWindow.since(old).position(
                now: now, lastReturned: returned.last?.n, complete: returned.count == taken.count)
            try #require(returned.isEmpty || position != old, "the client would get the same again")
            cursor = current.at(position).text
            return returned.count < taken.count
        }
    }

    @Test(
        "a client that follows since with any small limit, while people write and read, ends up with what is there",
        arguments: 1...6, [[alice, bob], [alice, bob, carol]])
    func merging(limit: Int, users: [UserID]) throws {
        for seed in 0..<60 as Range<UInt64> {
            var chance = Generator(seed: seed)
            var model = Model(users)
            for _ in 0..<Int.random(in: 0..<20, using: &chance) { model.change(&chance) }
            if seed.isMultiple(of: 2) { model.prune(&chance) }
            var clients = try users.map { viewer in
                Client(viewer: viewer, seen: model.fresh(viewer), cursor: try model.cursor(viewer).text)
            }
            for _ in 0..<40 {
                model.change(&chance)
                for place in clients.indices where Int.random(in: 0..<3, using: &chance) == 0 {
                    _ = try clients[place].poll(model, limit: limit)
                }
            }
            for var client in clients {
                while try client.poll(model, limit: limit) {}
                try #require(client.seen == model.fresh(client.viewer), "seed \(seed), \(client.viewer)")
                #expect(try client.cursor == model.cursor(client.viewer).text)
            }
        }
    }
}
