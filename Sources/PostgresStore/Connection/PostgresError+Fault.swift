import Messaging

extension PostgresError {
    /// The fault that it is; the one place that knows SQLSTATE codes as faults. See the PostgreSQL manual, appendix "Error Codes".
    var fault: StoreFault {
        switch self {
        case .unreachable: .unreachable
        case .tooManyConnections: .tooManyConnections
        case .timedOut: .stalled
        case .interrupted: .closed
        case .readOnlyServer: .readOnly
        case .refused(let sqlState, _): Self.fault(sqlState)
        case .noLease, .otherEpoch, .unknownToOthers: .behind
        case .noStandby: .noStandby
        case .libraryMissing, .badAddress, .oldServer, .wrongEncoding, .malformed: .other
        }
    }

    private static func fault(_ sqlState: String) -> StoreFault {
        switch sqlState {
        // The server is shutting down, has crashed, or is starting.
        case "57P01", "57P02", "57P03", "57P05": .unreachable
        case "25006": .readOnly
        case "53100": .diskFull
        case "53300": .tooManyConnections
        // A lock that was not granted in time, and a deadlock.
        case "55P03", "40P01": .locked
        // A statement that took longer than statement_timeout.
        case "57014": .stalled
        case "58030", "58P01", "58P02": .ioError
        // Damaged data or indexes, and tables, columns, functions or a schema that are not there.
        case "XX001", "XX002", "42P01", "42703", "42883", "3F000": .damaged
        case WriteRefusal.epochChanged, WriteRefusal.nodeGone: .behind
        default: sqlState.hasPrefix("08") ? .unreachable : .other
        }
    }
}

/// The SQLSTATE codes by which the functions of the schema refuse a write.
enum WriteRefusal {
    /// The epoch is another one now, or the connection leads to another server.
    static let epochChanged = "PB001"
    /// The row of this node is gone.
    static let nodeGone = "PB002"
}
