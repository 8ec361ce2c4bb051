import GRDB
import Messaging

extension SQLiteStore {
    /// Imports a history, all of it or nothing; blocks until it is on disk.
    ///
    /// A record that is there already is skipped, so that running an import again adds nothing twice. Meant for a store that nobody
    /// serves meanwhile: the observer is not told, and other writes wait.
    ///
    /// - Parameters:
    ///   - interval: after how many records `progress` is called, each time with the number taken so far.
    ///   - progress: called on this thread.
    ///   - next: the next record; nil after the last. What it throws ends the import and is thrown on.
    /// - Throws: ``ImportError`` where the record that came last cannot be imported, what `next` throws, or
    ///   ``MessagingError/storeUnavailable(_:)``.
    @discardableResult
    package func importRecords(
        progressEvery interval: Int = 10_000, progress: (Int) -> Void = { _ in },
        _ next: () throws -> ImportRecord?
    ) throws -> ImportSummary {
        do {
            return try pool.writeWithoutTransaction { [writer] db in
                defer { writer.memory.empty() }
                var summary = ImportSummary()
                try db.inTransaction(.immediate) {
                    let importer = try Importer(
                        WriteTransaction(db, memory: writer.memory, bounds: writer.bounds, hasSavepoints: false))
                    while let record = try next() {
                        try importer.take(record)
                        if importer.summary.records.isMultiple(of: interval) { progress(importer.summary.records) }
                    }
                    try importer.finish()
                    summary = importer.summary
                    return .commit
                }
                return summary
            }
        } catch let error as DatabaseError {
            throw MessagingError.storeUnavailable(String(describing: error))
        }
    }
}
