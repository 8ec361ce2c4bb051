import Glibc

/// The signals a server listens to (signal(7)).
enum Signals {
    /// The action of a signal.
    enum Request {
        case stop
        case reload
        case changeLogLevel
    }

    private static let stops = [SIGTERM, SIGINT]

    private static func makeSet(_ signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        return set
    }

    private static var set: sigset_t { makeSet(stops + [SIGHUP, SIGUSR1]) }

    /// Keeps them from ending the process; called before any thread starts, since threads inherit the mask.
    static func block() {
        var set = set
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // A client that goes away in the middle of an answer is no reason to end.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for one of them, for at most so long; nil where none has come.
    static func next(within limit: Duration = .seconds(1)) -> Request? {
        switch wait(for: set, within: limit) {
        case SIGTERM, SIGINT: .stop
        case SIGHUP: .reload
        case SIGUSR1: .changeLogLevel
        default: nil
        }
    }

    /// Waits for one that says stop, for at most so long, and leaves the others; returns whether one has come.
    static func isStopped(within limit: Duration) -> Bool { stops.contains(wait(for: makeSet(stops), within: limit)) }

    private static func wait(for set: sigset_t, within limit: Duration) -> Int32 {
        var set = set
        let (seconds, attoseconds) = limit.components
        var limit = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        return sigtimedwait(&set, nil, &limit)
    }
}
