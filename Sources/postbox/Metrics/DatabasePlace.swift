/// Where a server's data is, and what is measured there.
enum DatabasePlace: Sendable {
    /// A file, by its path, symbolic links resolved.
    case file(String)
    /// A database server, and the connections to it.
    case server(connections: @Sendable () -> Connections)

    /// The connections of this process to a database server.
    struct Connections: Sendable {
        /// How many are open.
        let open: Int
        /// How many broke since the start.
        let broken: Int
        /// The place among the processes that serve the database; nil where the store is closed.
        let nodes: NodeFigures?
        /// What read replicas were used for; nil where the store is closed.
        let replicas: ReplicaFigures?
    }

    /// What read replicas were used for; nil for a file.
    var replicas: ReplicaFigures? {
        if case .server(let connections) = self { connections().replicas } else { nil }
    }

    /// The path of the file; nil for a database server.
    var file: String? {
        if case .file(let path) = self { path } else { nil }
    }
}

/// Figures of this process among those that serve the same database.
struct NodeFigures: Sendable {
    /// How many there are, this one included.
    let nodes: Int
    /// Whether this one is the only one, and so does not look at the feed.
    let isAlone: Bool
    /// How many seconds ago the last complete look began; nil where there was none.
    let lookAge: Double?
    /// Since the start: looks, how long they took together, the rows that they brought, and how often memory was emptied.
    let looks: Int
    let lookSeconds: Double
    let rows: Int
    let restarts: Int
}

/// Figures of the read replicas.
struct ReplicaFigures: Sendable {
    /// Each one's database and server, and whether it was reached at the last attempt.
    let up: [(place: String, isUp: Bool)]
    /// Since the start: pages that came from one of them, and those that the primary was asked for instead, by reason.
    let pages: Int
    let misses: [(reason: String, count: Int)]
}
