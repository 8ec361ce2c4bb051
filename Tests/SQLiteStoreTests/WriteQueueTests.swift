import Messaging
import Synchronization
import Testing

@testable import SQLiteStore

@Suite("The queue of writes")
struct WriteQueueTests {
    private func write() -> QueuedWrite {
        QueuedWrite({ _ in }, answer: { (_: Result<Void, MessagingError>) in })
    }

    @Test("While one batch takes too long, further writes are refused at once; then they are taken again")
    func stalled() {
        let clock = Clock()
        let queue = WriteQueue(capacity: 10, stallLimit: .seconds(2)) { clock.now }
        #expect(queue.put(write()) == nil)
        #expect(queue.take(atMost: 5)?.count == 1)
        clock.advance(by: .seconds(2))
        #expect(queue.put(write()) == nil)
        clock.advance(by: .milliseconds(1))
        #expect(queue.put(write()) == .overloaded)
        #expect(queue.take(atMost: 5)?.count == 1)
        #expect(queue.put(write()) == nil)
    }

    @Test("A queue that nobody had anything for is not stalled")
    func idle() {
        let clock = Clock()
        let queue = WriteQueue(capacity: 10, stallLimit: .seconds(2)) { clock.now }
        clock.advance(by: .seconds(100))
        #expect(queue.put(write()) == nil)
    }
}

/// A clock that a test moves.
private final class Clock: Sendable {
    private let instant = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { instant.withLock { $0 } }

    func advance(by duration: Duration) {
        instant.withLock { $0 += duration }
    }
}
