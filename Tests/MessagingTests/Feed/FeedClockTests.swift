import Messaging
import Synchronization
import TestSupport
import Testing

@Suite("The clock of the feed")
struct FeedClockTests {
    private final class Time: Sendable {
        let now = Atomic<Int64>(1000)
        let calls = Atomic<Int>(0)

        func set(_ moment: Int64) { now.store(moment, ordering: .sequentiallyConsistent) }
    }

    private let time = Time()
    private let clock: FeedClock

    init() {
        let time = time
        clock = FeedClock(
            bound: 30, now: { time.now.load(ordering: .sequentiallyConsistent) },
            wanted: { time.calls.add(1, ordering: .sequentiallyConsistent) },
            pause: { try? await Task.sleep(for: $0) })
    }

    private func mayAnswer(at moment: Int64) -> Bool {
        time.set(moment)
        return clock.mayAnswer
    }

    @Test("Where nobody else writes, memory may always answer")
    func alone() async {
        FeedClock.alone.leaseGranted(from: 1, until: 2)
        FeedClock.alone.leaseLost()
        #expect(FeedClock.alone.mayAnswer && !FeedClock.alone.hasOtherNodes)
        #expect(await FeedClock.alone.nextLook(within: .zero))
        #expect(!FeedClock.alone.needsLooks)
    }

    @Test("Memory may answer until just before D after the last complete look began")
    func bound() {
        #expect(!mayAnswer(at: 1000), "without a lease")
        clock.leaseGranted(from: 1000, until: 9000)
        #expect(!mayAnswer(at: 1001), "without a look")
        clock.looked(from: 1010)
        #expect(mayAnswer(at: 1039) && !mayAnswer(at: 1040))
        clock.looked(from: 1020)
        clock.looked(from: 1015)
        #expect(mayAnswer(at: 1049) && !mayAnswer(at: 1050), "an earlier look that ends later takes nothing back")
        #expect(clock.hasOtherNodes)
    }

    @Test("A look that began before the lease was granted does not count")
    func joining() {
        clock.looked(from: 990)
        clock.leaseGranted(from: 1000, until: 9000)
        #expect(!mayAnswer(at: 1001))
        clock.looked(from: 1000)
        #expect(!mayAnswer(at: 1001))
        clock.looked(from: 1001)
        #expect(mayAnswer(at: 1001))
    }

    @Test("Memory may answer only while the lease holds; after a lapse only later looks count")
    func lease() {
        #expect(!clock.hasLease && !clock.hasLapsed)
        clock.leaseGranted(from: 1000, until: 1100)
        clock.looked(from: 1090)
        #expect(mayAnswer(at: 1099) && clock.hasLease && !clock.hasLapsed)
        #expect(!mayAnswer(at: 1100) && !clock.hasLease && clock.hasLapsed)
        clock.leaseGranted(from: 1101, until: 2000)
        #expect(!mayAnswer(at: 1102))
        clock.looked(from: 1102)
        #expect(mayAnswer(at: 1131))
        clock.leaseGranted(from: 1120, until: 3000)
        #expect(mayAnswer(at: 1131), "a renewal in time changes nothing")
        #expect(clock.leaseLost())
        clock.looked(from: 1125)
        #expect(!mayAnswer(at: 1126) && !clock.hasLease && !clock.hasLapsed)
        #expect(!clock.leaseLost(), "there is none to lose")
    }

    @Test("A node that is alone answers without looks until its lease is over, and needs one once it is not")
    func leasedAlone() async {
        clock.leaseGranted(from: 1000, until: 2000)
        clock.setAlone(true)
        #expect(mayAnswer(at: 1999) && !clock.hasOtherNodes)
        #expect(await clock.nextLook(within: .zero))
        #expect(!mayAnswer(at: 2000))
        clock.leaseGranted(from: 1900, until: 3000)
        #expect(mayAnswer(at: 2999))
        clock.setAlone(false)
        #expect(!mayAnswer(at: 1900) && clock.hasOtherNodes)
    }

    @Test("Whoever waits for a look gets the first complete one that began after that")
    func nextLook() async {
        clock.leaseGranted(from: 1000, until: 9000)
        time.set(1500)
        async let answer = clock.nextLook(within: .seconds(100))
        while time.calls.load(ordering: .sequentiallyConsistent) == 0 { await Task.yield() }
        #expect(clock.needsLooks)
        clock.looked(from: 1500)
        #expect(clock.needsLooks, "still waiting")
        clock.looked(from: 1501)
        #expect(await answer)
        #expect(!clock.needsLooks)
    }

    @Test("A wait for a look ends without one")
    func noLook() async {
        clock.leaseGranted(from: 1000, until: 9000)
        #expect(await !clock.nextLook(within: .milliseconds(1)))
        #expect(!clock.needsLooks)
    }

    @Test("Looks go on for a second after a poll, and as long as a poll waits")
    func needsLooks() {
        #expect(!clock.needsLooks)
        _ = mayAnswer(at: 1000)
        time.set(1_000_000_999)
        #expect(clock.needsLooks)
        time.set(1_000_001_000)
        #expect(!clock.needsLooks)
        clock.beginWait()
        #expect(clock.needsLooks && time.calls.load(ordering: .sequentiallyConsistent) == 1)
        clock.endWait()
        #expect(!clock.needsLooks)
    }
}
