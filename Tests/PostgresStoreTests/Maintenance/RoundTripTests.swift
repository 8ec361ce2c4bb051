import Messaging
import SQLiteStore
import TestSupport
import Testing

@testable import PostgresStore

@Suite("Moving a history between SQLite and PostgreSQL", .timeLimit(.minutes(15)))
struct RoundTripTests {
    let prepared: PreparedDatabase

    init() throws {
        prepared = try PreparedDatabase(isServed: false)
    }

    @Test("SQLite to PostgreSQL to SQLite gives the same records in the same order", arguments: [1, 2, 3])
    func there(seed: UInt64) throws {
        var random = Generator(seed: seed)
        let history = RandomHistory.records(&random)
        let first = try SQLiteCopy(of: history)
        let original = try first.export()
        #expect(original.count > 300)
        let summary = try prepared.importRecords(original)
        #expect(summary.records == original.count && summary.skipped <= original.count / 20)
        #expect(try prepared.faults() == [])
        let moved = try prepared.export()
        #expect(moved == original)
        #expect(try SQLiteCopy(of: moved).export() == original)
    }

    @Test(
        "What an import counts, and what it makes of a history that it has in part already, is as in SQLite",
        arguments: [4, 5, 6])
    func same(seed: UInt64) throws {
        var random = Generator(seed: seed)
        let history = RandomHistory.records(&random)
        let copy = try SQLiteCopy()
        // The third part overlaps with both, and the last one is all of it again.
        let half = history.count / 2
        for part in [history[..<half], history[(half / 2)...], history[...]] {
            let expected = try copy.importRecords(Array(part))
            #expect(try prepared.importRecords(Array(part)) == expected)
            #expect(try prepared.export() == copy.export())
            #expect(try prepared.faults() == [])
        }
    }

    @Test("Pruning and erasing leave the same as in SQLite, and so does an import after that", arguments: [7, 8, 9])
    func removals(seed: UInt64) throws {
        var random = Generator(seed: seed)
        let history = RandomHistory.records(&random)
        let copy = try SQLiteCopy()
        _ = try copy.importRecords(history)
        _ = try prepared.importRecords(history)
        for round in 0..<6 {
            let before = Timestamp(milliseconds: Int64(random.below(RandomHistory.span)))
            let scope = random.pick([
                PruneScope.everything, .tenant(.none), .conversations([ConversationID(trusted: "c1")], .none),
            ])
            let store = try PostgresStore(address: prepared.database.connection, mustExist: true)
            defer { store.close() }
            #expect(try store.prune(scope, before: before) == copy.prune(scope, before: before))
            let user = random.pick(RandomHistory.users)
            #expect(try store.erase(user, tenant: .none) == copy.erase(user))
            #expect(try prepared.export() == copy.export(), "round \(round)")
            #expect(try prepared.faults() == [])
        }
        let outcomes = (
            Result { try prepared.importRecords(history) }, Result { try copy.importRecords(history) }
        )
        switch outcomes {
        case (.success(let one), .success(let other)): #expect(one == other)
        case (.failure(let one), .failure(let other)): #expect("\(one)" == "\(other)")
        default: Issue.record("only one refused: \(outcomes)")
        }
        #expect(try prepared.export() == copy.export())
    }

    @Test("An import that fails leaves nothing, and says the same as SQLite")
    func failure() throws {
        var random = Generator(seed: 10)
        var history = RandomHistory.records(&random)
        history.append(.read(ConversationID(trusted: "c1"), RandomHistory.users[0], .none, upTo: 1_000_000))
        let copy = try SQLiteCopy()
        let expected = #expect(throws: ImportError.self) { _ = try copy.importRecords(history) }
        let error = #expect(throws: ImportError.self) { _ = try prepared.importRecords(history) }
        #expect(error == expected)
        #expect(try prepared.export() == [])
    }

    @Test("Lists that become long by an import, and those that were long before it, are kept in order")
    func longLists() throws {
        func part(_ numbers: Range<Int>) throws -> [ImportRecord] {
            try numbers.map { number in
                let users = [UserID(trusted: "all"), UserID(trusted: "u\(number % 7)")]
                return .conversation(
                    try NewConversation(
                        id: ConversationID(trusted: "c\(number)"), participants: users, isDirect: false), .none,
                    openedAt: Timestamp(milliseconds: 1))
            }
        }
        _ = try prepared.importRecords(part(0..<300))
        #expect(try prepared.faults() == [])
        _ = try prepared.importRecords(part(200..<700))
        #expect(try prepared.faults() == [])
        let long = try prepared.database.run(
            "SELECT count(*) FROM postbox.participants WHERE user_id = 'all' AND list_activity > 0")
        #expect(long == "700")
    }
}
