import CMicroHTTPD
import Glibc
import Synchronization

/// Wakes a loop from other threads, and tells it to stop.
///
/// It outlives the loop as long as another thread may signal it, so it owns its descriptor.
final class LoopSignal: Sendable {
    /// Becomes readable when the loop is to wake up.
    let descriptor: Int32
    private let pending = Atomic<Bool>(false)
    private let stopTime = Atomic<Int>(.max)

    init() throws(ServerError) {
        descriptor = event_counter()
        guard descriptor >= 0 else { throw .system("eventfd") }
    }

    deinit { close(descriptor) }

    /// Wakes the loop; any thread may call it. Several calls before the loop wakes up cost one system call.
    func wake() {
        guard !pending.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var one: UInt64 = 1
        // It can fail only where the counter is full, and then the descriptor is readable as it is.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Resets the signal. The loop calls it before it looks for work, so that no wake-up is lost.
    func acknowledge() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
        _ = pending.exchange(false, ordering: .acquiringAndReleasing)
    }

    /// Asks the loop to stop, at the latest at this time.
    func stop(by time: MonotonicTime) {
        stopTime.store(time.nanoseconds, ordering: .releasing)
        wake()
    }

    /// The deadline for the loop to end; nil while it runs.
    var stopDeadline: MonotonicTime? {
        let time = stopTime.load(ordering: .acquiring)
        return time == .max ? nil : MonotonicTime(nanoseconds: time)
    }
}
