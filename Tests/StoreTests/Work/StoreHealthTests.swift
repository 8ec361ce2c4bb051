import Messaging
import StoreWork
import Synchronization
import TestSupport
import Testing

@Suite("What is known of a store that fails")
struct StoreHealthTests {
    private let clock = TestClock()
    private let changes = Changes()
    private let health: StoreHealth

    /// The changes that were reported.
    private final class Changes: Sendable {
        private let all = Mutex<[HealthTransition]>([])

        func add(_ change: HealthTransition) { all.withLock { $0.append(change) } }

        /// Which operation, and why it fails; empty where it works again.
        var reasons: [String] {
            all.withLock { $0.map { "\($0.operation.rawValue) \($0.fault?.name ?? "works")" } }
        }
    }

    init() {
        let (clock, changes) = (clock, changes)
        health = StoreHealth(changed: changes.add) { clock.now }
    }

    @Test("A failure is reported once, however often it happens, and every one of them is counted")
    func once() {
        for _ in 1...100 { health.failed(.write, StoreFailure(.diskFull)) }
        #expect(health.fault(of: .write) == .diskFull)
        #expect(health.fault(of: .read) == nil)
        #expect(health.failures(of: .write, by: .diskFull) == 100)
        #expect(changes.reasons == ["write disk_full"])
    }

    @Test("A store works again once it has not failed for a while and succeeds, and no sooner")
    func recovery() {
        health.failed(.write, StoreFailure(.diskFull))
        clock.advance(by: StoreHealth.calm - .milliseconds(1))
        health.succeeded(.write)
        #expect(health.fault(of: .write) == .diskFull)
        clock.advance(by: .milliseconds(1))
        #expect(health.fault(of: .write) == .diskFull)
        health.succeeded(.write)
        #expect(health.fault(of: .write) == nil)
        #expect(changes.reasons == ["write disk_full", "write works"])
    }

    @Test("A disk that takes every other write is one failure, and one line in the log")
    func flapping() {
        for _ in 1...1000 {
            health.failed(.write, StoreFailure(.diskFull))
            clock.advance(by: .milliseconds(100))
            health.succeeded(.write)
        }
        #expect(changes.reasons == ["write disk_full"])
    }

    @Test("Another reason of failure is reported too, at most every other second")
    func otherReason() {
        health.failed(.write, StoreFailure(.diskFull))
        health.failed(.write, StoreFailure(.ioError))
        #expect(health.fault(of: .write) == .ioError)
        #expect(changes.reasons == ["write disk_full"])
        clock.advance(by: StoreHealth.calm)
        health.failed(.write, StoreFailure(.readOnly))
        #expect(changes.reasons == ["write disk_full", "write read_only"])
    }

    @Test("Reads, writes and checkpoints fail and work apart from each other")
    func apart() {
        health.failed(.checkpoint, StoreFailure(.ioError))
        health.failed(.read, StoreFailure(.damaged))
        clock.advance(by: .seconds(3))
        health.succeeded(.write)
        health.succeeded(.read)
        #expect(health.fault(of: .checkpoint) == .ioError)
        #expect(health.fault(of: .read) == nil)
        #expect(changes.reasons == ["checkpoint io_error", "read damaged", "read works"])
    }

    @Test("Only a write that succeeded counts as a write")
    func written() {
        #expect(!health.hasWritten(within: .seconds(10)))
        health.succeeded(.read)
        health.failed(.write, StoreFailure(.diskFull))
        #expect(!health.hasWritten(within: .seconds(10)))
        health.succeeded(.write)
        #expect(health.hasWritten(within: .seconds(10)))
        clock.advance(by: .seconds(10))
        #expect(!health.hasWritten(within: .seconds(10)))
    }
}
