import Glibc

/// A rest of the present thread, which may wait.
enum Pause {
    /// Sleeps for so long.
    static func take(_ duration: Duration) {
        let microseconds = duration / .microseconds(1)
        guard microseconds > 0 else { return }
        usleep(UInt32(min(microseconds, 1_000_000_000)))
    }
}
