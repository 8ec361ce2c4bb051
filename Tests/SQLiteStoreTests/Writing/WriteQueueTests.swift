import Messaging
import Testing

@testable import SQLiteStore

@Suite("The queue of writes")
struct WriteQueueTests {
    private func write() -> QueuedWrite {
        QueuedWrite({ _ in }, answer: { (_: Result<Void, MessagingError>) in })
    }

    @Test("While one batch takes too long, further writes are refused at once; then they are taken again")
    func stalled() {
        let clock = TestClock()
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

    @Test("A queue without writes is not stalled")
    func idle() {
        let clock = TestClock()
        let queue = WriteQueue(capacity: 10, stallLimit: .seconds(2)) { clock.now }
        clock.advance(by: .seconds(100))
        #expect(queue.put(write()) == nil)
    }

    @Test("A writer that hangs while there is nothing to write is stalled too")
    func busyWithoutWrites() {
        let clock = TestClock()
        let queue = WriteQueue(capacity: 10, stallLimit: .seconds(2)) { clock.now }
        #expect(queue.take(atMost: 5, patience: .milliseconds(1))?.isEmpty == true)
        #expect(queue.put(write()) == nil)
        clock.advance(by: .seconds(3))
        #expect(queue.put(write()) == .overloaded)
        #expect(queue.take(atMost: 5)?.count == 1)
        #expect(queue.put(write()) == nil)
    }
}
