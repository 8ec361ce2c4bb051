import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("When the write-ahead log is copied")
struct WriteAheadLogTests {
    private let folder: Folder
    private let writer: DatabaseQueue
    private let reader: DatabaseQueue
    private let log = WriteAheadLog(largest: 20, largestBetweenSteps: 5)

    init() throws {
        folder = try Folder()
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.journalMode = .wal
        writer = try DatabaseQueue(path: folder.database, configuration: configuration)
        reader = try DatabaseQueue(path: folder.database, configuration: configuration)
        try writer.write { try $0.execute(sql: "CREATE TABLE t (x)") }
        writer.inDatabase { log.watch($0) }
    }

    private func write(_ times: Int) throws {
        for _ in 0..<times { try writer.write { try $0.execute(sql: "INSERT INTO t VALUES (1)") } }
    }

    private func checkpoint() throws {
        #expect(try writer.writeWithoutTransaction { try log.checkpoint($0) })
    }

    @Test("The log is copied after so many pages, and after a checkpoint as many again")
    func large() throws {
        try write(10)
        #expect(!log.isLarge)
        try write(10)
        #expect(log.isLarge)
        try checkpoint()
        #expect(!log.isLarge)
        try write(10)
        #expect(!log.isLarge)
        try write(10)
        #expect(log.isLarge)
    }

    @Test("Between two steps of a command the log is copied after fewer pages")
    func betweenSteps() throws {
        // The table is in the log already.
        try checkpoint()
        try write(4)
        #expect(!log.isLargeForSteps)
        try write(1)
        #expect(log.isLargeForSteps && !log.isLarge)
        try checkpoint()
        #expect(!log.isLargeForSteps)
        try write(4)
        #expect(!log.isLargeForSteps)
    }

    @Test("A reader that stays brings no checkpoint after every commit")
    func pinned() throws {
        try write(1)
        try reader.writeWithoutTransaction { try $0.execute(sql: "BEGIN; SELECT * FROM t") }
        try write(20)
        #expect(log.isLarge)
        try checkpoint()
        try write(10)
        #expect(!log.isLarge)
        try write(10)
        #expect(log.isLarge)
        try reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        try checkpoint()
        try write(19)
        #expect(!log.isLarge)
    }
}
