import CMicroHTTPD
import Synchronization

/// One daemon of the library, with a part of a loop's connections; only its loop's thread touches it, but for ``RunRequest``.
///
/// Whenever a suspended connection is resumed, the library goes through all suspended connections of its daemon. So a loop on which many
/// requests wait has a daemon for each few of them: with 7,500 on one daemon, that search takes some 2 ms for each that is answered.
final class Daemon {
    /// How many waiting requests a daemon is there for. More make each resumption slower, fewer make more daemons to look at in each turn.
    static let waitingRequests = 128
    /// The most daemons of a loop.
    static let most = 64

    let pointer: OpaquePointer
    /// Becomes readable when there is something to do.
    let descriptor: Int32
    let runRequest = RunRequest()
    /// How many connections it has.
    var connections = 0
    /// When it has to be run at the latest; nil where only its descriptor tells.
    private(set) var due: MonotonicTime?
    /// Whether it was run, and so may be due at another time.
    private var hasRun = true

    init(_ settings: inout mhd_settings) throws(ServerError) {
        guard let pointer = mhd_start_daemon(&settings) else { throw .system("starting a loop") }
        self.pointer = pointer
        descriptor = mhd_epoll_descriptor(pointer)
    }

    /// Finds out when it is due, if it was run since it was last asked.
    func updateDue(now: MonotonicTime) {
        guard hasRun else { return }
        hasRun = false
        var milliseconds: UInt64 = 0
        due = MHD_get_timeout(pointer, &milliseconds) == .YES ? now + Double(Int(clamping: milliseconds)) / 1000 : nil
    }

    /// Whether it has to be run although its descriptor does not tell.
    func isDue(now: MonotonicTime) -> Bool {
        // In this order: the request is taken whatever the time.
        runRequest.take() || due.map { $0 <= now } ?? false
    }

    func run() {
        hasRun = true
        MHD_run(pointer)
    }

    /// Stops it; no connection of it may be suspended, and nothing may be called after this.
    func stop() { MHD_stop_daemon(pointer) }
}

/// Asks that a daemon be run although nothing has come in on its sockets. Any thread may use it.
final class RunRequest: Sendable {
    private let isMade = Atomic<Bool>(false)

    /// The library does not wake a loop that it does not run itself: the caller does that after this.
    func make() { isMade.store(true, ordering: .releasing) }

    /// Whether it was made since the last call.
    func take() -> Bool { isMade.load(ordering: .relaxed) && isMade.exchange(false, ordering: .acquiring) }
}
