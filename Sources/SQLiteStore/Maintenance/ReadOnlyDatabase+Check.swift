import GRDB
import Messaging

extension ReadOnlyDatabase {
    /// Checks the structure of a file and every invariant of the data; blocks.
    ///
    /// - Throws: ``SQLiteStoreError``, where it cannot even be looked at.
    public static func check(path: String) throws -> CheckReport {
        do {
            return try ReadOnlyDatabase(path: path).check()
        } catch SQLiteStoreError.damaged(_, let reason) {
            return CheckReport(faults: [CheckReport.Fault(invariant: "file", sentence: reason)])
        }
    }

    private func check() throws -> CheckReport {
        try checkVersion()
        do {
            return try read(report)
        } catch let error as DatabaseError {
            throw Self.failure(error, path)
        }
    }

    private func report(_ db: Database) throws -> CheckReport {
        var report = CheckReport(faults: try Self.faults(ofFile: db) + faults(ofSchema: db))
        let isComplete = report.faults.allSatisfy { $0.invariant != "schema" }
        for invariant in Invariant.all(pruned: prunedUpTo, version: schemaVersion) {
            do {
                report.faults += try faults(of: invariant, db)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR && !isComplete {
                // It is about a table or a column that is not there.
            }
        }
        guard isComplete else { return report }
        report.conversations = try Int.fetchOne(db, sql: "SELECT count(*) FROM conversations") ?? 0
        report.messages = try Int.fetchOne(db, sql: "SELECT count(*) FROM messages") ?? 0
        return report
    }

    /// The file's own structure, with what each table promises of each of its rows, and references to rows that are not there.
    private static func faults(ofFile db: Database) throws -> [CheckReport.Fault] {
        let file = try String.fetchAll(db, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }
            .map { CheckReport.Fault(invariant: "file", sentence: $0) }
        let references = try Row.fetchAll(
            db, sql: "SELECT \"table\", count(*) FROM pragma_foreign_key_check GROUP BY \"table\""
        ).map { row in
            CheckReport.Fault(
                invariant: "references",
                sentence: "\(row[1] as Int) rows of \(row[0] as String) belong to a conversation that is not there")
        }
        return file + references
    }

    /// Compares tables and indexes with those that the migrations make. Tables of other programs, such as a replicator, are ignored.
    private func faults(ofSchema db: Database) throws -> [CheckReport.Fault] {
        let model = try DatabaseQueue()
        try Schema.migrator(random: 0, cursorKey: CursorKey(random: 0, 0)).migrate(model, upTo: "v\(schemaVersion)")
        let present = try Self.definitions(db)
        return try model.read(Self.definitions).sorted { $0.key < $1.key }.compactMap { name, definition in
            switch present[name] {
            case definition: nil
            case nil: CheckReport.Fault(invariant: "schema", sentence: "\(name) is missing")
            default: CheckReport.Fault(invariant: "schema", sentence: "\(name) is not as it was made")
            }
        }
    }

    private static func definitions(_ db: Database) throws -> [String: String] {
        let rows = try Row.fetchAll(
            db, sql: "SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
    }

    private func faults(of invariant: Invariant, _ db: Database) throws -> [CheckReport.Fault] {
        let sql = "SELECT count(*), min(place) FROM (SELECT NULL AS place WHERE 0 UNION ALL \(invariant.sql))"
        guard let row = try Row.fetchOne(db, sql: sql), let count = row[0] as Int?, count > 0 else { return [] }
        let place: String = row[1] ?? "somewhere"
        let more = count == 1 ? "" : " and \(count - 1) more"
        return [CheckReport.Fault(invariant: invariant.name, sentence: "\(invariant.complaint) (\(place)\(more))")]
    }
}
