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
