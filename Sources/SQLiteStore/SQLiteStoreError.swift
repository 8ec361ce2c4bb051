/// The reasons why a database cannot be opened; the list is closed.
public enum SQLiteStoreError: Error, Equatable, Sendable {
    /// SQLite does not open a file of that name: a URI, or a database in memory.
    case notAFileName(path: String)
    /// The file is mounted by itself, so that its log would lie outside of that mount.
    case mountedAlone(path: String)
    /// The file has further names (hard links), so its log may be beside one of those.
    case hardLinked(path: String)
    /// The file does not exist, and must not be created.
    case missing(path: String)
    /// The folder does not exist.
    case folderMissing(path: String)
    /// The file or its folder may not be written.
    case notWritable(path: String)
    /// The file is not an SQLite database.
    case notADatabase(path: String)
    /// The file is an SQLite database of another program.
    case notPostbox(path: String)
    /// The database was written by a newer Postbox.
    case newerSchema(path: String)
    /// The file is a Postbox database that cannot be read; the reason comes from SQLite.
    case damaged(path: String, reason: String)
    /// Another running Postbox has the database open.
    case held(path: String)
    /// Anything else; the reason comes from the system or from SQLite.
    case other(path: String, reason: String)
}

extension SQLiteStoreError: CustomStringConvertible {
    /// One line for the person who starts the program.
    public var description: String {
        switch self {
        case .notAFileName(""): "The database needs a name."
        case .notAFileName(let path):
            "SQLite does not take the name \(path) for a file; use ./\(path) for the file of that name."
        case .mountedAlone(let path):
            "The database \(path) is mounted by itself, so its write-ahead log would be lost; mount the folder it is in."
        case .hardLinked(let path):
            "The database \(path) has another name (a hard link), and its write-ahead log may be beside that one; keep one name only."
        case .missing(let path): "There is no database \(path)."
        case .folderMissing(let path): "The folder of the database \(path) does not exist."
        case .notWritable(let path): "The database \(path) cannot be written: no permission for the file or its folder."
        case .notADatabase(let path): "The file \(path) is not a database; nothing in it was changed."
        case .notPostbox(let path): "The file \(path) is a database of another program; nothing in it was changed."
        case .newerSchema(let path): "The database \(path) was written by a newer Postbox; use that version or later."
        case .held(let path): "The database \(path) is in use by another running Postbox; stop that one first."
        case .damaged(let path, let reason): "The database \(path) is damaged: \(reason)."
        case .other(let path, let reason): "The database \(path) cannot be used: \(reason)."
        }
    }
}
