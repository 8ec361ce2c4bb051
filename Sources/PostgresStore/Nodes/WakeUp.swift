import Dispatch
import Synchronization

/// Wakes one thread that waits; any thread may signal, and several signals before it wakes are one.
final class WakeUp: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let isSignalled = Atomic<Bool>(false)

    func signal() {
        if !isSignalled.exchange(true, ordering: .acquiringAndReleasing) { semaphore.signal() }
    }

    /// Waits for a signal, or until the time is over; returns at once where there was a signal since the last call.
    func wait(for time: Duration) {
        let nanoseconds = max(Int(time / .nanoseconds(1)), 0)
        guard semaphore.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success else { return }
        isSignalled.store(false, ordering: .releasing)
    }
}
