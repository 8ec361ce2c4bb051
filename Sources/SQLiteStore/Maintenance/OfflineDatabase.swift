import GRDB
import Messaging
import StoreWork

/// A database that no server has open, locked for removals.
///
/// Removed data leaves no trace in the file: it is overwritten at once, and the file is written anew afterwards. Backups and replicas
/// keep their copies.
public final class OfflineDatabase: DataRemover, StepwiseRemover {
    let queue: DatabaseQueue
    private let file: DatabaseFile
    private let path: String

    /// Opens the file, which must exist, and brings it to the present schema.
    ///
    /// - Throws: ``SQLiteStoreError``.
    public init(path: String) throws(SQLiteStoreError) {
        self.path = path
        file = try DatabaseFile(path: path, for: .openingExisting)
        do {
            let isNewer = try Schema.prepare(
                path: file.realPath, random: .random(in: .min ... .max), cursorKey: .random())
            if isNewer { throw SQLiteStoreError.newerSchema(path: path) }
            queue = try DatabaseQueue(path: file.realPath)
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA secure_delete = ON") }
        } catch {
            file.close()
            throw error as? SQLiteStoreError ?? .other(path: path, reason: String(describing: error))
        }
    }

    deinit {
        close()
    }

    /// Closes the database; a second call does nothing.
    public func close() {
        try? queue.close()
        file.close()
    }

    let messagesAtOnce = StoreBounds().messagesRemovedAtOnce

    /// Reads the database.
    ///
    /// - Throws: ``SQLiteStoreError``; what `body` throws.
    func look<Answer>(_ body: (Database) throws -> Answer) throws -> Answer {
        try translating { try queue.read(body) }
    }

    /// Runs a step of a removal in a transaction; no other write waits for it.
    ///
    /// - Throws: ``SQLiteStoreError``; what the step throws.
    func step<Answer: Sendable>(
        _ command: @escaping @Sendable (WriteTransaction) throws -> Answer
    ) throws -> (answer: Answer, held: Duration) {
        try translating {
            try queue.write { db in
                let transaction = try WriteTransaction(
                    db, cache: WriterCache(capacity: 1), bounds: StoreBounds(), hasSavepoints: false)
                let answer = try command(transaction)
                try transaction.finish()
                return (answer, .zero)
            }
        }
    }

    private func translating<Answer>(_ work: () throws -> Answer) throws -> Answer {
        do {
            return try work()
        } catch let error as DatabaseError {
            throw SQLiteStoreError.other(path: path, reason: String(describing: error))
        }
    }

    /// Writes the file anew without removed data, and empties its log. It needs up to twice the file's size in free space, and blocks.
    ///
    /// - Throws: ``SQLiteStoreError/other(path:reason:)``; everything is as it was then.
    public func compact() throws(SQLiteStoreError) {
        do {
            try queue.vacuum()
            _ = try queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        } catch {
            throw .other(path: path, reason: String(describing: error))
        }
    }
}
