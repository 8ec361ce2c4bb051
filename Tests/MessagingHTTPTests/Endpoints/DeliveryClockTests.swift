import Messaging
import Metrics
import Synchronization
import Testing

@testable import MessagingHTTP

@Suite("How long messages take to be fetched")
struct DeliveryClockTests {
    private final class Time: Sendable {
        let seconds = Mutex(0.0)
    }

    private let time = Time()

    private func clock(capacity: Int = 100) -> DeliveryClock {
        DeliveryClock(capacity: capacity) { [time] in Int64(time.seconds.withLock { $0 } * 1e9) }
    }

    private func at(_ seconds: Double) { time.seconds.withLock { $0 = seconds } }

    private func commit(_ n: Int64, from sender: UserID, to others: UserID..., tenant: TenantID = .none) -> Commit {
        let participants = ([sender] + others).map { Conversation.Participant(user: $0) }
        return Commit(
            tenant: tenant, conversation: Conversation(id: talk, key: 1, lastN: n, participants: participants),
            listChanges: [], message: message(n, from: sender))
    }

    private func fetch(_ numbers: [Int64], by user: UserID, of clock: DeliveryClock, tenant: TenantID = .none) {
        let messages = PackedMessages(numbers.map { message($0, from: alice) })
        clock.fetched(messages.numbers, in: talk, by: Caller(tenant: tenant, user: user))
    }

    @Test("A delivery counts once for each recipient, at the first fetch, and not for the sender")
    func once() {
        let clock = clock()
        at(10)
        clock.committed([commit(1, from: alice, to: bob, carol)])
        at(11)
        fetch([1], by: alice, of: clock)
        #expect(clock.latencies.count == 0)
        fetch([1], by: bob, of: clock)
        at(13)
        fetch([1], by: bob, of: clock)
        fetch([1], by: carol, of: clock)
        #expect(clock.latencies.count == 2)
        #expect(clock.latencies.sum == 4)
    }

    @Test("After a reset of the store, messages of before it are not watched any more")
    func reset() {
        let clock = clock()
        clock.committed([commit(1, from: alice, to: bob)])
        clock.reset()
        fetch([1], by: bob, of: clock)
        #expect(clock.latencies.count == 0)
        clock.committed([commit(1, from: alice, to: bob)])
        fetch([1], by: bob, of: clock)
        #expect(clock.latencies.count == 1)
    }

    @Test("Only messages in the answer count as delivered")
    func only() {
        let clock = clock()
        clock.committed([1, 2, 3].map { commit($0, from: alice, to: bob) })
        at(1)
        fetch([3], by: bob, of: clock)
        #expect(clock.latencies.count == 1)
        at(2)
        fetch([1, 2, 3], by: bob, of: clock)
        #expect(clock.latencies.count == 3)
        #expect(clock.latencies.sum == 5)
        #expect(clock.forgotten == 0)
    }

    /// Counts how often it is gone through.
    private final class Counted: Sequence {
        let numbers: [Int64]
        private(set) var looks = 0

        init(_ numbers: [Int64]) { self.numbers = numbers }

        func makeIterator() -> AnyIterator<Int64> {
            var rest = numbers.makeIterator()
            return AnyIterator {
                self.looks += 1
                return rest.next()
            }
        }
    }

    @Test("Counting deliveries costs one look at each message of the answer, however many wait")
    func cost() {
        let clock = clock(capacity: 5000)
        clock.committed((1...5000).map { commit($0, from: alice, to: bob) })
        let page = Counted(Array(2501...3000))
        clock.fetched(page, in: talk, by: Caller(user: bob))
        #expect(page.looks == 501)
        #expect(clock.latencies.count == 500)
        clock.fetched(Array(1...5000), in: talk, by: Caller(user: bob))
        #expect(clock.latencies.count == 5000)
    }

    @Test("Counting deliveries ends with the last message that waits, however long the answer is")
    func end() {
        let clock = clock()
        clock.committed([1, 2].map { commit($0, from: alice, to: bob) })
        let page = Counted(Array(1...500))
        clock.fetched(page, in: talk, by: Caller(user: bob))
        #expect(page.looks == 2)
        clock.fetched(page, in: talk, by: Caller(user: bob))
        #expect(page.looks == 2)
        #expect(clock.latencies.count == 2)
    }

    @Test("Deliveries to the same ids in another tenant are counted apart")
    func tenants() {
        let clock = clock()
        clock.committed([commit(1, from: alice, to: bob, tenant: TenantID(trusted: "acme"))])
        fetch([1], by: bob, of: clock)
        #expect(clock.latencies.count == 0)
        fetch([1], by: bob, of: clock, tenant: TenantID(trusted: "acme"))
        #expect(clock.latencies.count == 1)
    }

    @Test("Messages that nobody fetches are forgotten oldest first, and counted")
    func bounded() {
        let clock = clock(capacity: 3)
        clock.committed((1...3).map { commit($0, from: alice, to: bob) })
        fetch([1], by: bob, of: clock)
        clock.committed([commit(4, from: alice, to: bob)])
        #expect(clock.forgotten == 0)
        clock.committed([commit(5, from: alice, to: bob)])
        #expect(clock.forgotten == 1)
        fetch([2, 3, 4, 5], by: bob, of: clock)
        #expect(clock.latencies.count == 4)
    }

    @Test("A commit without a message waits for no delivery")
    func noMessage() {
        let clock = clock()
        let whole = commit(1, from: alice, to: bob)
        clock.committed([Commit(tenant: .none, conversation: whole.conversation, listChanges: [])])
        fetch([1], by: bob, of: clock)
        #expect(clock.latencies.count == 0)
    }
}
