/// A request whose answer is that nothing changed, and which may wait for a change.
///
/// A server that gets one from ``RequestHandler/begin(_:)`` keeps the connection and calls ``watch`` first. It calls ``again`` where that
/// returned nil, and whenever a change is reported: the state is looked at after the registration, so no change falls between the two.
public struct Wait: Sendable {
    /// What ends a wait in which nothing changed.
    public enum End: Sendable {
        /// Its time is over.
        case timeOver
        /// The server stops.
        case stopping
    }

    /// The longest that it may last, in seconds, from the moment that it was returned. A wait that continues after ``again`` ends when the
    /// first was to end.
    public let seconds: Double
    /// An object that is released when the wait is over: the place that it takes among all waits.
    public let place: any AnyObject & Sendable
    /// Registers a function that the next change calls, once, on any thread, which must not be held up.
    ///
    /// - Returns: cancels the registration; any thread may call it, and it does nothing once the change was reported. Nil where the state
    ///   has changed already, and nothing was registered.
    public let watch: @Sendable (_ changed: @escaping @Sendable () -> Void) -> (@Sendable () -> Void)?
    /// Looks at the state again; called on a loop thread, as ``RequestHandler/begin(_:)`` is. It may return another wait, which replaces
    /// this one.
    public let again: @Sendable () -> Reply
    /// The answer if nothing changes; called on a loop thread.
    public let unchanged: @Sendable (End) -> Response
    /// Where its time is over, asked before ``unchanged``, on a loop thread: what leads to the answer where memory cannot give it, as in
    /// ``Reply/pending(_:)``; nil where it can.
    public let overdue: @Sendable () -> (@Sendable (_ requestID: String?) async -> Reply)?

    /// Creates a wait.
    public init(
        seconds: Double, place: any AnyObject & Sendable,
        watch: @escaping @Sendable (_ changed: @escaping @Sendable () -> Void) -> (@Sendable () -> Void)?,
        again: @escaping @Sendable () -> Reply, unchanged: @escaping @Sendable (End) -> Response,
        overdue: @escaping @Sendable () -> (@Sendable (_ requestID: String?) async -> Reply)? = { nil }
    ) {
        self.seconds = seconds
        self.place = place
        self.watch = watch
        self.again = again
        self.unchanged = unchanged
        self.overdue = overdue
    }
}
