import Messaging

extension ReadOnlyPostgres {
    /// Checks the tables and every invariant of the data, in one snapshot; blocks.
    ///
    /// What PostgreSQL itself keeps, such as its files, is its own tools' to check: `pg_amcheck`, and checksums.
    ///
    /// - Throws: ``PostgresStoreError``, where it cannot even be looked at.
    public static func check(address: String) throws -> CheckReport {
        do {
            return try ReadOnlyPostgres(address: address).read(report)
        } catch PostgresStoreError.damaged(let reason) {
            return CheckReport(faults: [CheckReport.Fault(invariant: "schema", sentence: reason)])
        }
    }

    private static func report(_ connection: PostgresConnection) throws -> CheckReport {
        var report = CheckReport(faults: try schemaFaults(connection))
        let isComplete = report.faults.isEmpty
        for invariant in Invariant.all {
            do {
                report.faults += try faults(of: invariant, connection)
            } catch PostgresError.refused(let state, _) where ["42P01", "42703"].contains(state) && !isComplete {
                // It is about a table or a column that is not there.
            } catch PostgresError.refused(let state, let message) where state.hasPrefix("XX") {
                report.faults.append(CheckReport.Fault(invariant: "file", sentence: message))
            }
        }
        guard isComplete else { return report }
        let counts = try connection.run(
            "SELECT (SELECT count(*) FROM postbox.conversations), (SELECT count(*) FROM postbox.messages)", within: nil)
        report.conversations = Int(try counts.requiredInt8(0, 0))
        report.messages = Int(try counts.requiredInt8(0, 1))
        return report
    }

    private static func faults(
        of invariant: Invariant, _ connection: PostgresConnection
    ) throws -> [CheckReport.Fault] {
        // Behind a savepoint, or the first error would end the snapshot.
        try connection.run("SAVEPOINT invariant", within: nil)
        do {
            let rows = try connection.run(
                "SELECT count(*), min(x.place) FROM (\(invariant.sql)) x (place)", within: nil)
            try connection.run("RELEASE SAVEPOINT invariant", within: nil)
            let count = try rows.requiredInt8(0, 0)
            guard count > 0 else { return [] }
            let place = try rows.text(0, 1) ?? "somewhere"
            let more = count == 1 ? "" : " and \(count - 1) more"
            return [CheckReport.Fault(invariant: invariant.name, sentence: "\(invariant.complaint) (\(place)\(more))")]
        } catch {
            _ = try? connection.run("ROLLBACK TO SAVEPOINT invariant", within: nil)
            throw error
        }
    }

    /// Compares tables, columns, indexes and functions with those that the migrations make. Others are ignored.
    private static func schemaFaults(_ connection: PostgresConnection) throws -> [CheckReport.Fault] {
        let rows = try connection.run(SchemaObjects.query, within: nil)
        let present = try (0..<rows.count).map { try rows.requiredText($0, 0) }
        return Set(SchemaObjects.all).subtracting(present).sorted().map { name in
            CheckReport.Fault(invariant: "schema", sentence: "\(name) is missing or not as it was made")
        }
    }
}
