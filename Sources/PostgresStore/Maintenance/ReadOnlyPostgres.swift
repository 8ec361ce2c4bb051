import Messaging

/// A database that is only read, while a server may write to it.
///
/// Each call sees one snapshot. While it lasts, the server cannot remove rows that were changed meanwhile.
public final class ReadOnlyPostgres: DataReader {
    let address: PostgresAddress

    /// Connects to the database, which must have a schema of this version; blocks.
    ///
    /// - Throws: ``PostgresStoreError``.
    public init(address: String) throws(PostgresStoreError) {
        self.address = try Schema.translating {
            let address = try PostgresAddress(address)
            try Schema.requirePresent(PostgresConnection(address, role: .maintenance))
            return address
        }
    }

    /// Reads in one snapshot.
    func read<Answer>(_ body: (PostgresConnection) throws -> Answer) throws -> Answer {
        do {
            let connection = try PostgresConnection(address, role: .maintenance)
            return try connection.transaction(within: PostgresConnection.readLimit) {
                try connection.run(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", within: PostgresConnection.readLimit)
                return try body(connection)
            }
        } catch let error as PostgresError {
            throw PostgresStoreError.connection(error)
        }
    }
}
