import Glibc

/// The signals a server listens to (signal(7)).
enum Signals {
    /// What one of them asks for.
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

    /// Waits for one of them, for at most a second; nil where none has come.
    static func next() -> Request? {
        var set = set
        var second = timespec(tv_sec: 1, tv_nsec: 0)
        return switch sigtimedwait(&set, nil, &second) {
        case SIGTERM, SIGINT: .stop
        case SIGHUP: .reload
        case SIGUSR1: .changeLogLevel
        default: nil
        }
    }
}
