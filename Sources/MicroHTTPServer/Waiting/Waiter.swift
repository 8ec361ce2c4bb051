import HTTP

/// A request that waits for a change; only its loop's thread touches it.
///
/// It stays with its connection until the request is answered: work that a change has begun may end in a wait again, which ends when the
/// first was to end.
final class Waiter: DeadlineWheelEntry {
    /// The reasons why a wait is over.
    enum End {
        /// A change was reported, and there is another answer.
        case changed
        /// Its time was over.
        case timedOut
        /// What it waited for was evicted from memory.
        case evicted
        /// The client had closed its sending side, or was gone.
        case gone
        /// The server stops.
        case stopped
    }

    /// Alive for as long as it waits: the library closes no suspended connection.
    unowned let connection: Connection
    /// When the wait is over if nothing changes.
    let deadline: MonotonicTime
    /// The wait; nil while another thread works on the answer, and when the wait is over.
    var wait: Wait?
    /// Cancels the registration for the next change; nil where there is none.
    var cancel: (@Sendable () -> Void)?
    /// When it began to wait.
    var since: MonotonicTime
    /// Whether a change was reported that the loop has not looked at.
    var hasChanged = false
    /// Whether it is in the loop's list of those to look at.
    var isReady = false
    var slot: (index: Int, place: Int)?
    /// Why the wait is over; not yet decided as long as it waits.
    var end = End.changed

    init(on connection: Connection, until deadline: MonotonicTime) {
        self.connection = connection
        self.deadline = deadline
        since = deadline
    }

    /// Removes and returns what cancels the registration.
    func takeCancel() -> (@Sendable () -> Void)? {
        defer { cancel = nil }
        return cancel
    }
}
