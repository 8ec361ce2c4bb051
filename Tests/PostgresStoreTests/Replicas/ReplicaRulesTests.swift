import Messaging
import Testing

@testable import PostgresStore

struct ReplicaRulesTests {
    private func page(_ numbers: ClosedRange<Int64>, count: Int = 10, bytes: Int = .max) -> ReplicaPage {
        ReplicaPage(
            tenant: .none,
            conversation: Conversation(id: ConversationID(trusted: "c"), key: 1, lastN: 99, participants: []),
            numbers: numbers, bounds: PageBounds(count: count, bytes: bytes, kept: .newest))
    }

    private func messages(_ numbers: [Int64]) -> PackedMessages {
        PackedMessages(
            numbers.map { Message(n: $0, sender: alice, content: "ten bytes!", sentAt: noon, clientMessageID: nil) })
    }

    @Test("A page is whole where its numbers have no gap from the last one back to the first")
    func whole() {
        #expect(page(3...6).isWhole(messages([3, 4, 5, 6])))
        #expect(!page(3...6).isWhole(messages([])))
        #expect(!page(3...6).isWhole(messages([3, 4, 5])))
        #expect(!page(3...6).isWhole(messages([4, 5, 6])))
        #expect(!page(3...6).isWhole(messages([3, 4, 6])))
    }

    @Test("A page may begin later where it is full")
    func full() {
        #expect(page(1...6, bytes: 19).isWhole(messages([5, 6])))
        #expect(!page(1...6, bytes: 20).isWhole(messages([5, 6])))
        #expect(!page(1...6, bytes: 5).isWhole(messages([6])))
    }

    @Test(
        "After each failure in a row a replica is left alone for longer, up to five seconds, and for no longer where several fail at once"
    )
    func pauses() {
        var (health, now) = (ReplicaHealth(replica: "r"), ContinuousClock.now)
        let failure = ReplicaFailure(.slow, "slow")
        func pause() -> Duration {
            var pause = Duration.zero
            while health.isPaused(at: now + pause) { pause += .milliseconds(5) }
            return pause
        }
        #expect(!health.isPaused(at: now))
        var longest = Duration.zero
        for _ in 1...12 {
            _ = health.failed(failure, at: now)
            let first = pause()
            _ = health.failed(failure, at: now)
            #expect(pause() == first)
            longest = max(longest, first)
            now += first
        }
        #expect((.milliseconds(2500)...(.seconds(5))).contains(longest))
        _ = health.succeeded(at: now)
        #expect(!health.isPaused(at: now))
        _ = health.failed(failure, at: now)
        #expect(pause() <= .milliseconds(100))
    }

    @Test("A failure is news once, and the end of it after ten seconds without one")
    func news() {
        var (health, now) = (ReplicaHealth(replica: "r"), ContinuousClock.now)
        #expect(!health.isUp)
        health.connected()
        #expect(health.isUp)
        #expect(health.failed(ReplicaFailure(.behind, "lag"), at: now)?.miss == .behind)
        #expect(!health.isUp)
        for _ in 1...20 {
            now += .milliseconds(900)
            #expect(health.failed(ReplicaFailure(.behind, "lag"), at: now) == nil)
            #expect(health.succeeded(at: now) == nil)
        }
        #expect(health.isUp)
        let other = health.failed(ReplicaFailure(.unreachable, "gone"), at: now)
        #expect(other == ReplicaTransition(replica: "r", miss: .unreachable, cause: "gone", seconds: 18))
        now += ReplicaHealth.calm - .milliseconds(1)
        #expect(health.succeeded(at: now) == nil)
        now += .milliseconds(1)
        #expect(health.succeeded(at: now)?.miss == .some(nil))
        #expect(health.succeeded(at: now) == nil)
    }
}
