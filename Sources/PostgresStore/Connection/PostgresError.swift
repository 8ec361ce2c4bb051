import Messaging

/// Why PostgreSQL did not do what it was asked; the list is closed.
///
/// No text in it has a password: libpq's own messages carry none, and what might quote an address is cut.
public enum PostgresError: Error, Equatable, Sendable {
    /// The client library cannot be loaded; the reason comes from the system.
    case libraryMissing(reason: String)
    /// The address is no connection string that libpq understands.
    case badAddress(reason: String)
    /// There is no connection, or it broke; what ran on it may or may not have happened.
    case unreachable(reason: String)
    /// The server has no connection left for us.
    case tooManyConnections(reason: String)
    /// No answer came in time, and the connection was given up; what ran on it may or may not have happened.
    case timedOut
    /// Another thread asked to stop waiting; what ran on the connection may or may not have happened.
    case interrupted
    /// The server refused a statement, and nothing of its transaction happened.
    case refused(sqlState: String, message: String)
    /// The server is too old.
    case oldServer(version: Int)
    /// The database has another encoding than UTF-8.
    case wrongEncoding(String)
    /// The server is a standby, or all its transactions are read-only.
    case readOnlyServer
    /// What the server sent is not what was asked for.
    case malformed(String)
    /// This process could not say in time that it is still there, so the other nodes may take it to be gone.
    case noLease
    /// Another node does not know of this one yet, and would answer from memory as if its writes were not there.
    case unknownToOthers
    /// The connection leads to another epoch than the one that is served.
    case otherEpoch
    /// No synchronous standby has what was written, where one is required.
    case noStandby
}

extension PostgresError: CustomStringConvertible {
    /// One line for a person; it begins in lower case and has no full stop.
    public var description: String {
        switch self {
        case .libraryMissing(let reason):
            "the client library of PostgreSQL cannot be loaded (\(reason)); install the package libpq5"
        case .badAddress(let reason): "the address of the database is not valid: \(reason)"
        case .unreachable(let reason): "PostgreSQL cannot be reached: \(reason)"
        case .tooManyConnections(let reason): "PostgreSQL has no connection left: \(reason)"
        case .timedOut: "PostgreSQL did not answer in time"
        case .interrupted: "the store is closing"
        case .refused(let sqlState, let message): "PostgreSQL refused it: \(message) (SQLSTATE \(sqlState))"
        case .oldServer(let version):
            "PostgreSQL \(version / 10_000).\(version % 10_000) is too old; Postbox needs version 15 or later"
        case .wrongEncoding(let encoding):
            "the encoding of the database is \(encoding); create it with ENCODING 'UTF8'"
        case .readOnlyServer:
            "the server is a read-only standby, or its transactions are read-only; give the address of the primary"
        case .malformed(let what): "PostgreSQL sent an unexpected answer: \(what)"
        case .noLease:
            "this process could not say in time that it is still there, so other nodes may take it to be gone"
        case .unknownToOthers: "another node does not know of this one yet"
        case .otherEpoch: "the connection leads to another epoch, as after a failover"
        case .noStandby: "no synchronous standby has confirmed the write"
        }
    }

    /// The SQLSTATE, where the server refused a statement.
    var sqlState: String? {
        if case .refused(let sqlState, _) = self { sqlState } else { nil }
    }

    /// Whether the statement certainly changed nothing, so that it may be given again.
    var isCertainlyUndone: Bool {
        switch self {
        case .unreachable, .timedOut, .interrupted, .malformed: false
        case .noStandby: true
        // After 40003 the server itself does not know.
        case .refused(let sqlState, _): sqlState != "40003" && !sqlState.hasPrefix("08") && !sqlState.hasPrefix("57P")
        case .libraryMissing, .badAddress, .tooManyConnections, .oldServer, .wrongEncoding, .readOnlyServer, .noLease,
            .unknownToOthers, .otherEpoch:
            true
        }
    }
}
