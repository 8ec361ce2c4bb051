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
    }

    /// The path of the file; nil for a database server.
    var file: String? {
        if case .file(let path) = self { path } else { nil }
    }
}
