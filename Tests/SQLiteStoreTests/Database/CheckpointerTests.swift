import GRDB
import GRDBSQLite
import Glibc
import StoreWork
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("When the log is copied beside writes", .serialized)
struct CheckpointerTests {
    private let folder: Folder
    private let file: DatabaseFile
    private let pool: DatabasePool

    init() throws {
        folder = try Folder()
        file = try DatabaseFile(path: folder.database)
        pool = try DatabasePool(path: folder.database)
        try pool.write { try $0.execute(sql: "CREATE TABLE store (x); CREATE TABLE t (k INTEGER PRIMARY KEY, x)") }
    }

    private func checkpointer(
        largest: Int, largestBetweenSteps: Int = 1000, shortRest: Int, isEnabled: Bool = true
    ) throws -> Checkpointer {
        try Checkpointer(
            pool: pool, file: file, health: StoreHealth(changed: nil), isEnabled: isEnabled,
            log: WriteAheadLog(largest: largest, largestBetweenSteps: largestBetweenSteps), shortRest: shortRest)
    }

    /// Writes a row in a transaction of its own, somewhere in the table.
    private func write(_ number: Int) throws {
        try pool.write { db in
            try db.execute(
                sql: "INSERT INTO t VALUES (?, randomblob(400))", arguments: [number * 7919 % 1_000_003])
        }
    }

    private func end(_ checkpointer: Checkpointer) throws {
        checkpointer.close()
        try pool.close()
        file.close()
    }

    @Test("Writes go on while it is copied, it begins anew among them, and all that was committed is there")
    func besideWrites() throws {
        let checkpointer = try checkpointer(largest: 100, shortRest: 20)
        var (sizes, written, steps) = ([Int](), 0, 0)
        while sizes.count < 20 {
            let before = checkpointer.log.size
            try write(written)
            written += 1
            if checkpointer.log.size < before { sizes.append(before) }
            if checkpointer.isDue {
                _ = checkpointer.advance()
                steps += 1
            }
        }
        // Between the first step and the last one there were writes.
        #expect(steps > 2 * sizes.count)
        try end(checkpointer)
        try expectAll(written)
    }

    @Test("After a step of a command it is due earlier than after sends, once")
    func afterSteps() throws {
        let checkpointer = try checkpointer(largest: 10_000, largestBetweenSteps: 20, shortRest: 10)
        try write(0)
        checkpointer.noteStep()
        #expect(!checkpointer.isDue)
        var written = 1
        while checkpointer.log.size < 20 {
            try write(written)
            written += 1
        }
        #expect(!checkpointer.isDue)
        checkpointer.noteStep()
        while checkpointer.isDue { _ = checkpointer.advance() }
        #expect(checkpointer.log.uncopied == 0)
        try end(checkpointer)
        try expectAll(written)
    }

    @Test("No commit is lost where the log could begin anew just as SQLite has read its header")
    func slowAtTheWorstMoment() throws {
        let checkpointer = try checkpointer(largest: 1, shortRest: 0)
        try checkpointer.copier?.inDatabase { try SlowCheckpoint.install(on: $0) }
        let end = ContinuousClock.now + .seconds(2)
        var written = 0
        while .now < end {
            try write(written)
            written += 1
            if checkpointer.isDue { _ = checkpointer.advance() }
        }
        try self.end(checkpointer)
        try expectAll(written)
    }

    @Test("Once the database could not be synced, no checkpoint is made, and the log keeps everything")
    func unsynced() throws {
        let checkpointer = try checkpointer(largest: 1, shortRest: 0)
        file.close()
        var written = 0
        while !checkpointer.mustKeepLog {
            try write(written)
            written += 1
            _ = checkpointer.advance()
        }
        for number in written..<written + 50 {
            try write(number)
            #expect(!checkpointer.advance())
        }
        #expect(checkpointer.log.size >= 50)
        try end(checkpointer)
        try expectAll(written + 50)
    }

    @Test("Where another process makes the checkpoints, there is none")
    func external() throws {
        let checkpointer = try checkpointer(largest: 1, shortRest: 0, isEnabled: false)
        for number in 0..<50 {
            try write(number)
            #expect(checkpointer.advance())
        }
        // Had it been copied, it would have begun anew.
        #expect(checkpointer.log.size >= 50)
        try end(checkpointer)
    }

    private func expectAll(_ written: Int) throws {
        let database = try DatabaseQueue(path: folder.database)
        let found = try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM t") }
        let integrity = try database.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
        #expect(found == written)
        #expect(integrity == "ok")
    }
}

/// Makes checkpoints of a connection wait where SQLite has read the header of the log and not yet looked at what is copied.
///
/// `sqlite3WalCheckpoint` in `wal.c` calls `xUnfetch` there whenever the header has changed.
private enum SlowCheckpoint {
    static func install(on db: Database) throws {
        var file: UnsafeMutablePointer<sqlite3_file>?
        sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_FILE_POINTER, &file)
        let opened = try #require(file)
        // Not freed: SQLite reads it until the connection is closed.
        let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        methods.initialize(to: try #require(opened.pointee.pMethods).pointee)
        // Without memory-mapped pages there is nothing else to do.
        methods.pointee.xUnfetch = { _, _, _ in
            usleep(1500)
            return SQLITE_OK
        }
        opened.pointee.pMethods = UnsafePointer(methods)
    }
}
