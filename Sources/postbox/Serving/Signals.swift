import Glibc

/// The signals a server listens to (signal(7)).
enum Signals {
    /// The action of a signal.
    enum Request {
        case stop
        case reload
        case changeLogLevel
    }

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1] { sigaddset(&set, signal) }
        return set
    }

    /// Keeps them from ending the process; called before any thread starts, since threads inherit the mask.
    static func block() {
        var set = set
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // A client that goes away in the middle of an answer is no reason to end.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for one of them, for at most so long; nil where none has come.
    static func next(within limit: Duration = .seconds(1)) -> Request? {
        var set = set
        let (seconds, attoseconds) = limit.components
        var limit = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        return switch sigtimedwait(&set, nil, &limit) {
        case SIGTERM, SIGINT: .stop
        case SIGHUP: .reload
        case SIGUSR1: .changeLogLevel
        default: nil
        }
    }
}
