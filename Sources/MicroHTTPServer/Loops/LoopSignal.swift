import CMicroHTTPD
import Glibc
import Synchronization

/// The way into a loop from other threads: wakes it, and tells it to stop.
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

    /// Makes the loop come round once more; any thread may call it. Calls before it does so cost one system call together.
    func wake() {
        guard !pending.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var one: UInt64 = 1
        // It can fail only where the counter is full, and then the descriptor is readable as it is.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Takes the wake-up back. The loop calls it before it looks for work, so that none slips in between.
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

    /// When the loop has to be done; nil while it is to go on.
    var stopDeadline: MonotonicTime? {
        let time = stopTime.load(ordering: .acquiring)
        return time == .max ? nil : MonotonicTime(nanoseconds: time)
    }
}
