/// The reasons why a store does not answer or takes no writes at present; the list is closed.
public enum StoreFault: String, CaseIterable, Error, Sendable {
    case diskFull = "disk_full"
    case readOnly = "read_only"
    case ioError = "io_error"
    /// The files were deleted or replaced: what is written to them would be lost.
    case fileMissing = "file_missing"
    /// The content is wrong: a table is missing, or SQLite calls the file malformed. SQLite does so also where the disk cannot read
    /// the file.
    case damaged
    /// Another program has locked the database.
    case locked
    /// An operation has taken too long: the disk hangs.
    case stalled
    case closed
    /// Anything else; the log has the cause.
    case other

    /// Its name in metrics and logs.
    public var name: String { rawValue }

    /// What is wrong, for people; it names no path.
    public var sentence: String {
        switch self {
        case .diskFull: "the disk is full"
        case .readOnly: "the files or their file system have become read-only"
        case .ioError: "the disk reports errors"
        case .fileMissing: "the database files were deleted or replaced"
        case .damaged: "the database is damaged, or the disk cannot read it"
        case .locked: "another program has locked the database"
        case .stalled: "the disk does not respond"
        case .closed: "the store is closed"
        case .other: "an unexpected error occurred; the log has the cause"
        }
    }
}
