import Glibc

/// The files and sockets this process has open.
enum Descriptors {
    /// Opens standard input, output and error on nothing where they are closed.
    ///
    /// The next file would get their number otherwise, and a log line meant for standard error would go into the database.
    static func fillStandard() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDWR)
        }
    }

    /// How many connections there are descriptors for, beside what else is open: at most `wish`, and at least one.
    ///
    /// The server waits with further connections in good order when it has as many as it may; when accept(2) fails, it can only try
    /// again.
    static func room(for wish: Int, loops: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wish }
        let left = Int(clamping: min(limit.rlim_cur, 1 << 31)) - reserve - 4 * loops
        // For each 128 requests that wait, a loop has up to two descriptors more.
        return max(1, min(wish, left - left / 64))
    }

    /// For the database and its readers, the listener for operators and who reads it, log and key files.
    private static let reserve = 100

    /// Raises the limit as far as this user may, so that it does not bound the connections first (setrlimit(2)).
    static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
