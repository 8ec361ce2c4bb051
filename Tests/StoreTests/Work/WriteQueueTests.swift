import Messaging
import StoreWork
import TestSupport
import Testing

@Suite("The queue of writes")
struct WriteQueueTests {
    @Test("While one batch takes too long, further writes are refused at once; then they are taken again")
    func stalled() {
        let clock = TestClock()
        let queue = WriteQueue<Int>(capacity: 10, stallLimit: .seconds(2)) { clock.now }
        #expect(queue.put(1) == nil)
        #expect(queue.take(atMost: 5)?.count == 1)
        clock.advance(by: .seconds(2))
        #expect(queue.put(1) == nil)
        clock.advance(by: .milliseconds(1))
        #expect(queue.put(1) == .overloaded)
        #expect(queue.take(atMost: 5)?.count == 1)
        #expect(queue.put(1) == nil)
    }

    @Test("A queue without writes is not stalled")
    func idle() {
        let clock = TestClock()
        let queue = WriteQueue<Int>(capacity: 10, stallLimit: .seconds(2)) { clock.now }
        clock.advance(by: .seconds(100))
        #expect(queue.put(1) == nil)
    }

    @Test("A writer that hangs while there is nothing to write is stalled too")
    func busyWithoutWrites() {
        let clock = TestClock()
        let queue = WriteQueue<Int>(capacity: 10, stallLimit: .seconds(2)) { clock.now }
        #expect(queue.take(atMost: 5, patience: .milliseconds(1))?.isEmpty == true)
        #expect(queue.put(1) == nil)
        clock.advance(by: .seconds(3))
        #expect(queue.put(1) == .overloaded)
        #expect(queue.take(atMost: 5)?.count == 1)
        #expect(queue.put(1) == nil)
    }
}
