import Glibc

/// A point in time on the monotonic clock.
public struct MonotonicTime: Comparable, Sendable {
    /// Nanoseconds since some moment before the process began.
    public let nanoseconds: Int

    /// The present time.
    public static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: time.tv_sec * 1_000_000_000 + time.tv_nsec)
    }

    /// Whether the left time is earlier.
    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    static func + (time: MonotonicTime, seconds: Double) -> MonotonicTime {
        // A year serves as "never", and does not overflow.
        MonotonicTime(nanoseconds: time.nanoseconds + Int(min(max(seconds, 0), 31_536_000) * 1e9))
    }

    /// The whole seconds of the clock.
    var second: Int { nanoseconds / 1_000_000_000 }

    /// The nanoseconds until `time`; 0 once it has passed.
    func nanoseconds(until time: MonotonicTime) -> Int {
        max(0, time.nanoseconds - nanoseconds)
    }

    /// The whole milliseconds until `time`, rounded up; 0 once it has passed.
    func milliseconds(until time: MonotonicTime) -> Int {
        max(0, (time.nanoseconds - nanoseconds + 999_999) / 1_000_000)
    }
}
