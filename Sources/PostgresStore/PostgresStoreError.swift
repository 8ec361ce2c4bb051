/// The reasons why a PostgreSQL database cannot be opened; the list is closed.
public enum PostgresStoreError: Error, Equatable, Sendable {
    /// The server cannot be reached or used.
    case connection(PostgresError)
    /// A newer Postbox prepared the schema.
    case newerSchema(version: Int)
    /// There is no Postbox in the database, and none must be made.
    case notPrepared(database: String)
    /// The schema `postbox` belongs to another program.
    case foreignSchema(database: String)
    /// The role may not make the schema.
    case mayNotCreate(role: String, database: String, isSchemaThere: Bool)
    /// The role lacks a privilege on tables, sequences or functions of the schema.
    case missingPrivilege(role: String, objects: [String])
    /// The role does not own the tables.
    case notTheOwner(role: String)
    /// A pooler gives every statement another session, so that no transaction is possible.
    case statementPooling
    /// A table or a row that is always there is missing.
    case damaged(reason: String)
}

extension PostgresStoreError: CustomStringConvertible {
    /// One line for the person who starts the program.
    public var description: String {
        switch self {
        case .connection(let error): "The database cannot be used: \(error)."
        case .newerSchema(let version):
            """
            The database was prepared by a newer Postbox (its schema has version \(version), this program knows \(Schema.version)); use \
            that version or later.
            """
        case .notPrepared(let database): "There is no Postbox in the database \(database); serve and import make it."
        case .foreignSchema(let database):
            "The schema postbox in the database \(database) is not of this program; nothing in it was changed."
        case .mayNotCreate(let role, let database, let isSchemaThere):
            """
            The role \(role) may not make the \(isSchemaThere ? "tables of the schema postbox" : "schema") in the database \(database); \
            as its owner, run: GRANT \(isSchemaThere ? "ALL ON SCHEMA postbox" : "CREATE ON DATABASE \(Self.quoted(database))") \
            TO \(Self.quoted(role))
            """
        case .missingPrivilege(let role, let objects):
            "The role \(role) may not use \(objects.joined(separator: ", ")); as the owner, run: \(Self.grants(to: role))"
        case .notTheOwner(let role):
            "The role \(role) does not own the tables of the schema postbox; only their owner can do this."
        case .statementPooling:
            "The connection pooler is in statement mode, where no transaction is possible; use transaction or session mode."
        case .damaged(let reason): "The database is damaged: \(reason)."
        }
    }

    private static func grants(to role: String) -> String {
        Schema.grants.replacing("ROLE", with: quoted(role)).replacing("\n", with: " ")
    }

    /// A name as an identifier of SQL (the PostgreSQL manual, section 4.1.1).
    private static func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
}
