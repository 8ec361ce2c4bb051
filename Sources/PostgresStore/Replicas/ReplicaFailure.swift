import Messaging

/// What kept a replica from answering: the kind, and the cause for the log.
struct ReplicaFailure: Error {
    let miss: ReplicaMiss
    let cause: String

    init(_ miss: ReplicaMiss, _ cause: String) {
        self.miss = miss
        self.cause = cause
    }

    init(_ error: PostgresError) {
        cause = error.description
        switch error.fault {
        case .unreachable, .tooManyConnections, .closed: miss = .unreachable
        case .stalled: miss = .slow
        default: miss = .refused
        }
    }
}
