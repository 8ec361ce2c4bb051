import Glibc
import Messaging
import MicroHTTPServer

/// The machine's clocks; any thread may ask.
enum SystemClock {
    /// The present moment.
    static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Nanoseconds of a monotonic clock.
    static func ticks() -> Int64 {
        Int64(MonotonicTime.now.nanoseconds)
    }
}
