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
    /// An operation has taken too long: the disk or the database server hangs.
    case stalled
    case closed
    /// There is no connection to the database server, or it broke.
    case unreachable
    /// The database server has no connection left for this process.
    case tooManyConnections = "too_many_connections"
    /// No synchronous standby confirms what is written.
    case noStandby = "no_standby"
    /// The connection leads to another state of the database than the one in memory, as after a failover; or this process has not heard in
    /// time what the others have written.
    case behind
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
        case .stalled: "the disk or the database server does not respond"
        case .closed: "the store is closed"
        case .unreachable: "the database server cannot be reached"
        case .tooManyConnections: "the database server has no connection left"
        case .noStandby: "no synchronous standby confirms writes"
        case .behind: "the database is in another state than before, as after a failover"
        case .other: "an unexpected error occurred; the log has the cause"
        }
    }
}

/// The operations on files that can fail separately; the list is closed.
public enum StoreOperation: String, CaseIterable, Sendable {
    case read, write
    /// Copying the write-ahead log into the database: while that fails, writes go on and the log grows.
    case checkpoint
}

/// A change of a store operation's health: it begins to fail, fails for another reason, or works again.
public struct HealthTransition: Sendable, Equatable {
    /// The operation.
    public let operation: StoreOperation
    /// Why it fails; nil where it works again.
    public let fault: StoreFault?
    /// The cause in the words of the code that found it; empty where it works again.
    public let cause: String
    /// For how many seconds it had failed.
    public let seconds: Double

    /// Creates a health transition.
    public init(operation: StoreOperation, fault: StoreFault?, cause: String, seconds: Double) {
        self.operation = operation
        self.fault = fault
        self.cause = cause
        self.seconds = seconds
    }
}
