import Glibc

/// The signals that ask a server to stop (signal(7)).
enum StopSignals {
    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        return set
    }

    /// Keeps them from ending the process; called before any thread starts, since threads inherit the mask.
    static func block() {
        var set = set
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // A client that goes away in the middle of an answer is no reason to end.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits until one of them comes.
    static func wait() {
        var set = set
        var received: Int32 = 0
        while sigwait(&set, &received) != 0 {}
    }
}
