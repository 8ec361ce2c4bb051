import Glibc

/// The number of files and sockets this process may have open.
enum Descriptors {
    /// Raises it as far as this user may, so that it does not bound the connections first (setrlimit(2)).
    static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
