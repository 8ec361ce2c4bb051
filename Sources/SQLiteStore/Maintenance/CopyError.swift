/// Why a backup or a restore did not come about; the list is closed. What was there before is unchanged.
public enum CopyError: Error, Equatable, Sendable {
    /// The source and the destination are the same file.
    case ontoItself(path: String)
    /// The destination is something else than a Postbox database.
    case notReplaceable(path: String)
    /// The destination exists, and the caller did not say that it may be replaced.
    case exists(path: String)
    /// The destination is a database that another process uses, or another process is writing to it.
    case inUse(path: String)
    /// The copy has faults, so the source has them too.
    case damaged(path: String, first: String, count: Int)
    /// The destination cannot be written; the reason comes from the system or from SQLite.
    case notWritten(path: String, reason: String)
}

extension CopyError: CustomStringConvertible {
    /// One line for the person who gave the command.
    public var description: String {
        switch self {
        case .ontoItself(let path): "The file \(path) would replace itself."
        case .notReplaceable(let path): "The file \(path) is no Postbox database; it was not replaced."
        case .exists(let path): "The database \(path) exists; it is replaced only with --force."
        case .inUse(let path): "The file \(path) is in use."
        case .damaged(let path, let first, 1): "The database \(path) is damaged, and nothing was replaced: \(first)"
        case .damaged(let path, let first, let count):
            "The database \(path) is damaged in \(count) ways, and nothing was replaced; the first: \(first)"
        case .notWritten(let path, let reason): "The file \(path) cannot be written: \(reason)."
        }
    }
}
