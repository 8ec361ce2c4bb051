import Messaging
import TestSupport
import Testing

@testable import PostgresStore

@Suite("Random batches against a naive model", .timeLimit(.minutes(15)))
struct RandomBatchTests {
    @Test("Numbers, markers, counts, retries, lists and pages are as in the model", arguments: [1, 2, 3])
    func random(seed: UInt64) throws {
        var run = try RandomBatches(seed: seed)
        for batch in 0..<800 { try run.step(batch) }
        #expect(run.model.conversations.values.reduce(0) { $0 + $1.senders.count } > 2000)
        #expect(try run.longLists() > 0, "the bounds are small, so that lists become long")
        #expect(try run.prepared.faults() == [])
    }
}

/// A run of random batches, each compared with the model at once.
private struct RandomBatches {
    private static let bounds = (shortList: Int32(6), mostCopies: Int32(3), checked: Int32(4))
    private static let everybody = (0..<30).map { $0 < 10 ? "u0\($0)" : "u\($0)" }

    let prepared: PreparedDatabase
    var model = ListModel()
    private var random: Generator

    init(seed: UInt64) throws {
        prepared = try PreparedDatabase()
        random = Generator(seed: seed)
    }

    mutating func step(_ batch: Int) throws {
        if batch < 12 || (random.once(in: 16) && model.conversations.count < 60) { try open() }
        if random.once(in: 10) { try rename() }
        let hot = Array(model.conversations.keys.sorted().shuffled(using: &random).prefix(4))
        try write(hot)
        for _ in 0..<2 { try compareList(of: random.pick(Self.everybody)) }
        try comparePages(of: random.pick(hot))
        if batch % 10 == 0 || batch < 50 { try compareRows() }
    }

    func longLists() throws -> Int64 {
        try run("SELECT count(DISTINCT user_id) FROM postbox.participants WHERE list_activity IS NOT NULL")
            .requiredInt8(0, 0)
    }

    @discardableResult
    private func run(_ sql: String, _ values: [PostgresValue] = []) throws -> PostgresRows {
        try prepared.connection.run(sql, values, within: PreparedDatabase.limit)
    }

    private mutating func open() throws {
        let size = random.pick([2, 2, 2, 3, 4, 6, 25, 28])
        let users = Self.everybody.shuffled(using: &random).prefix(size).sorted()
        let (id, isDirect) = ("c\(model.conversations.count)", size == 2 && random.once(in: 2))
        let rows = try run(
            "SELECT base, key, id, state FROM postbox.open($1, $2, 't', $3, $4, $5, 1, '', $6, $7, $8)",
            [
                .text(PreparedDatabase.epoch.text), .int8(PreparedDatabase.node), .text(id), .textArray(users),
                .bool(isDirect), .int4(Self.bounds.shortList), .int4(Self.bounds.mostCopies),
                .int4(Self.bounds.checked),
            ])
        let key = try rows.requiredInt8(0, 1)
        if isDirect, let known = model.conversations.first(where: { $0.value.isDirect && $0.value.users == users }) {
            #expect(try rows.requiredInt4(0, 3) == 1 && key == known.key && rows.int8(0, 0) == nil)
            return
        }
        #expect(try rows.requiredInt4(0, 3) == 0)
        model.conversations[key] = ListModel.Conversation(
            id: id, users: users, isDirect: isDirect, change: try rows.requiredInt8(0, 0))
    }

    private mutating func rename() throws {
        let user = random.pick(Self.everybody)
        let name = random.pick([nil, "", "A", "B"])
        let old = model.names[user] ?? nil
        let new = name ?? old
        let all = model.keys(of: user)
        var (number, renamed, isDone) = (Int64?.none, [Int64](), false)
        while !isDone {
            let rows = try run(
                "SELECT is_done, number, base, keys, members, marks FROM postbox.rename($1, $2, 't', $3, $4, NULL, $5, '', 40)",
                [
                    .text(PreparedDatabase.epoch.text), .int8(PreparedDatabase.node), .text(user), .text(name),
                    .int8(number),
                ])
            (isDone, number) = (try rows.requiredBool(0, 0), try rows.int8(0, 1))
            let keys = try rows.int8Array(0, 3)
            for (place, key) in keys.enumerated() {
                model.conversations[key]?.change = try rows.requiredInt8(0, 2) + Int64(place) + 1
            }
            let conversations = keys.compactMap { model.conversations[$0] }
            #expect(try rows.textArray(0, 4) == conversations.flatMap(\.users))
            #expect(try rows.int8Array(0, 5) == conversations.flatMap { one in one.users.compactMap { one.read[$0] } })
            renamed += keys
            guard !isDone else { break }
            // In between, the conversations that were reached show the new name, and the others the former.
            let shown = random.pick(all)
            #expect(try self.name(of: user, in: shown) == (renamed.contains(shown) ? new : old))
        }
        #expect(renamed == (new != old ? all : []))
        model.names[user] = new
    }

    private func name(of user: String, in key: Int64) throws -> String? {
        let rows = try run(
            "SELECT members, names FROM postbox.list_entries('t', $1, ARRAY[$2], true)", [.text(user), .int8(key)])
        let place = try #require(rows.textArray(0, 0).firstIndex(of: user))
        return try rows.textArray(0, 1)[place]
    }

    private mutating func write(_ hot: [Int64]) throws {
        var (drafts, used) = ([PreparedDatabase.Draft](), Set<String>())
        for _ in 0..<random.below(13) {
            let key = random.pick(hot)
            let sender = random.pick(model.conversations[key]?.users ?? [])
            let clientID = random.once(in: 2) ? "k\(random.below(40))" : nil
            if let clientID, !used.insert("\(key) \(sender) \(clientID)").inserted { continue }
            drafts.append(
                PreparedDatabase.Draft(key: key, sender: sender, content: random.pick(["x", "y"]), clientID: clientID))
        }
        let markers = (0..<random.pick([0, 0, 1, 3, 8, 30])).map { _ in
            let key = random.pick(hot)
            let upTo: Int64? = random.once(in: 3) ? Int64(random.below(31)) : nil
            return PreparedDatabase.Marker(
                key: key, user: random.pick(model.conversations[key]?.users ?? []), upTo: upTo)
        }
        let written = try prepared.write(drafts, markers)
        let stored = drafts.enumerated().map { model.send($1, change: written.base + Int64($0) + 1) }
        #expect(written.ns == stored.map(\.n))
        #expect(written.states == stored.map(\.state))
        let moved = model.move(markers, before: written.base + Int64(drafts.count))
        #expect(written.marks == moved)
        #expect(
            written.unread
                == zip(markers, moved).map { model.conversations[$0.key]?.unread(by: $0.user, after: $1) ?? 0 })
    }

    /// Compares every participant's row.
    private func compareRows() throws {
        let rows = try run(
            """
            SELECT p.conversation_key, p.user_id, p.read_up_to, p.change, c.change, c.activity, c.last_n
            FROM postbox.participants p JOIN postbox.conversations c ON c.key = p.conversation_key
            """)
        #expect(rows.count == model.conversations.values.reduce(0) { $0 + $1.users.count })
        for row in 0..<rows.count {
            let (key, user) = (try rows.requiredInt8(row, 0), try rows.requiredText(row, 1))
            let expected = try #require(model.conversations[key])
            #expect(try rows.int8(row, 2) == expected.read[user], "the marker of \(user) in \(key)")
            #expect(try rows.int8(row, 3) == expected.ownChange[user], "the change of \(user) in \(key)")
            #expect(try rows.int8(row, 4) == expected.change)
            #expect(try rows.int8(row, 5) == expected.activity)
            #expect(try rows.int8(row, 6) == expected.lastN)
        }
    }

    private mutating func compareList(of user: String) throws {
        let own = model.keys(of: user).compactMap { key in model.conversations[key].map { (key: key, conversation: $0) }
        }
        let latest = own.map { $0.conversation.latestChange(of: user) }.max() ?? 0
        #expect(
            try run(ListQuery.latestChange, [.text("t"), .text(user)]).requiredInt8(0, 0) == latest, "latest of \(user)"
        )
        let limit = 1 + random.below(9)
        let before = random.pick([Int64.max] + own.map(\.conversation.activity))
        let newest = own.filter { $0.conversation.activity < before }
            .sorted { $0.conversation.activity > $1.conversation.activity }.prefix(limit).map(\.key)
        try compare(ListQuery.before, before, limit, user, latest, newest)
        let since = random.pick([0] + own.map { $0.conversation.latestChange(of: user) })
        let changed = own.filter { $0.conversation.latestChange(of: user) > since }
            .sorted { $0.conversation.latestChange(of: user) < $1.conversation.latestChange(of: user) }
            .prefix(limit).map(\.key)
        try compare(ListQuery.since, since, limit, user, latest, changed)
    }

    /// Compares a page with the entries that it must have, in their order.
    private func compare(
        _ query: String, _ bound: Int64, _ limit: Int, _ user: String, _ latest: Int64, _ keys: [Int64]
    ) throws {
        let rows = try run(query, [.text("t"), .text(user), .int8(bound), .int8(Int64(limit))])
        #expect(rows.count == max(keys.count, 1))
        #expect(try rows.requiredInt8(0, 0) == latest)
        for (row, key) in keys.enumerated() where row < rows.count {
            let expected = try #require(model.conversations[key])
            #expect(try rows.int8(row, 1) == key)
            #expect(try rows.int8(row, 4) == expected.lastN)
            #expect(try rows.int8(row, 5) == expected.activity)
            #expect(try rows.int8(row, 6) == expected.latestChange(of: user))
            #expect(try rows.int8(row, 7) == expected.change)
            #expect(try rows.int8(row, 9) == expected.unread(by: user, after: expected.read[user] ?? 0))
            let isLarge = expected.users.count > ConversationSummary.mostPeople
            #expect(try rows.int4(row, 10) == (isLarge ? Int32(expected.users.count) : nil))
            let shown = isLarge ? (expected.users.filter { $0 != user }.prefix(19) + [user]).sorted() : expected.users
            #expect(try rows.textArray(row, 13) == shown)
            #expect(try rows.int8Array(row, 14) == shown.compactMap { expected.read[$0] })
            #expect(try rows.textArray(row, 15) == shown.map { model.names[$0] ?? nil })
        }
    }

    private mutating func comparePages(of key: Int64) throws {
        guard let conversation = model.conversations[key], conversation.lastN > 0 else { return }
        let user = random.pick(conversation.users)
        let low = Int64(1 + random.below(Int(conversation.lastN)))
        let high = low + Int64(random.below(Int(conversation.lastN - low) + 2))
        let (limit, bytes) = (1 + random.below(20), random.pick([0, 1, 3, 1_000_000]))
        let numbers = (low...min(high, conversation.lastN)).map { $0 }
        let sender = { (n: Int64) in conversation.senders[Int(n) - 1] }
        let range: [PostgresValue] = [.int8(low), .int8(high), .int8(Int64(limit)), .int8(Int64(bytes))]
        let start: [PostgresValue] = [.text("t"), .int8(key), .int8(0), .int8(0)]
        let cases: [(String, [PostgresValue], [Int64])] = [
            (MessageQuery.oldest, start + range, cut(numbers, limit, bytes)),
            (MessageQuery.newest, start + range, cut(numbers.reversed(), limit, bytes).reversed()),
            (
                MessageQuery.ofSender, start + range + [.text(user)],
                cut(numbers.filter { sender($0) == user }, limit, bytes)
            ),
            (
                MessageQuery.ofOthers, start + range + [.text(user)],
                cut(numbers.filter { sender($0) != user }, limit, bytes)
            ),
        ]
        for (query, values, expected) in cases {
            let rows = try run(query, values)
            // Without messages there is one row, of NULL.
            let found = try (0..<rows.count).compactMap { try rows.int8($0, 0) }
            #expect(found == expected && rows.count == max(expected.count, 1), "\(query)")
            #expect(try found.indices.map { try rows.requiredText($0, 1) } == expected.map(sender))
        }
    }

    /// The first of these, as many as show that the bounds are exceeded; each content has one byte.
    private func cut(_ numbers: [Int64], _ limit: Int, _ bytes: Int) -> [Int64] {
        var taken: [Int64] = []
        for n in numbers {
            guard taken.count < limit, taken.count < 2 || taken.count <= bytes else { break }
            taken.append(n)
        }
        return taken
    }
}
