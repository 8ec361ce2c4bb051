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

    /// Raises it as far as this user may, so that it does not bound the connections first (setrlimit(2)).
    static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
