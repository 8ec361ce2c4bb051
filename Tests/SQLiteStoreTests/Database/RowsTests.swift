import GRDB
import GRDBSQLite
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("Reading without GRDB's cursors and transactions")
struct RowsTests {
    /// The numbers of a JSON array, at most so many.
    private static func numbers(_ db: Database, _ array: String, atMost count: Int = .max) throws -> [Int64] {
        let statement = try db.cachedStatement(sql: "SELECT value FROM json_each(?)")
        let rows = try Rows(of: statement, array)
        var found: [Int64] = []
        while found.count < count, try rows.next() { found.append(statement.number(0)) }
        return found
    }

    @Test("A statement gives its rows in order, and again from the first where not all were read")
    func again() throws {
        let found = try DatabaseQueue().inDatabase { db in
            [
                try Self.numbers(db, "[1, 2, 3]", atMost: 2), try Self.numbers(db, "[4, 5, 6]"),
                try Self.numbers(db, "[]"),
            ]
        }
        #expect(found == [[1, 2], [4, 5, 6], []])
    }

    @Test("A query that fails says why, ends its snapshot, and can be run again")
    func failure() throws {
        try DatabaseQueue().inDatabase { (db) throws in
            let error = #expect(throws: DatabaseError.self) {
                try db.inSnapshot { try Self.numbers(db, "[1") }
            }
            #expect(error?.resultCode == .SQLITE_ERROR)
            #expect(error?.message == "malformed JSON")
            #expect(!db.isInsideTransaction)
            #expect(try db.inSnapshot { try Self.numbers(db, "[1]") } == [1])
            #expect(!db.isInsideTransaction)
        }
    }

    @Test("A snapshot does not show what is committed while it is read")
    func snapshot() throws {
        let folder = try Folder()
        let writer = try DatabasePool(path: folder.database)
        try writer.write { try $0.execute(sql: "CREATE TABLE numbers (n INTEGER)") }
        var configuration = Configuration()
        configuration.readonly = true
        let counts = try DatabaseQueue(path: folder.database, configuration: configuration).unsafeRead { db in
            func count() throws -> Int? { try Int.fetchOne(db, sql: "SELECT count(*) FROM numbers") }
            func insert() throws { try writer.write { try $0.execute(sql: "INSERT INTO numbers VALUES (1)") } }
            let within = try db.inSnapshot {
                let before = try count()
                try insert()
                return [before, try count()]
            }
            return within + [try count()]
        }
        #expect(counts == [0, 0, 1])
    }
}
