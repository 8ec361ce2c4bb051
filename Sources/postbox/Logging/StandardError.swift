import Glibc

/// Standard error, written to by one thread.
enum StandardError {
    /// Writes all bytes, waiting for as long as nobody takes them; false where nobody ever will.
    static func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Somebody else has made the pipe non-blocking.
                var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                poll(&descriptor, 1, 1000)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
