/// Why an older page did not come from a read replica, so that the primary was asked; the list is closed.
public enum ReplicaMiss: String, CaseIterable, Error, Sendable {
    /// There is no connection yet, or it broke.
    case unreachable
    /// It did not answer in time.
    case slow
    /// It refused the statement.
    case refused
    /// It is no standby of the database that is served, or of another epoch or timeline.
    case otherDatabase = "other_database"
    /// It lacks a message, or shows another state of the conversation than memory does.
    case behind
    /// It is left alone for a while after one of these.
    case paused
    /// Too many pages wait for it.
    case busy
    /// Memory could not vouch for the page any more when it had been read.
    case memory

    /// Its name in metrics and logs.
    public var name: String { rawValue }
}

/// A change of a read replica's health: it begins to fail, fails for another reason, or answers again.
public struct ReplicaTransition: Sendable, Equatable {
    /// The database and the server, without user and password.
    public let replica: String
    /// Why it is left alone; nil where it answers again.
    public let miss: ReplicaMiss?
    /// The cause in one line; empty where it answers again.
    public let cause: String
    /// For how many seconds it had failed.
    public let seconds: Double

    /// Creates a transition.
    public init(replica: String, miss: ReplicaMiss?, cause: String, seconds: Double) {
        self.replica = replica
        self.miss = miss
        self.cause = cause
        self.seconds = seconds
    }
}
