import Synchronization
import Testing

@testable import MessagingHTTP
@testable import postbox

@Suite("What the service logs")
struct ServiceEventLogTests {
    @Test("Of events of one kind the first is logged, and then one in ten seconds with the number of those left out")
    func limited() {
        let world = World()
        let log = ServiceEventLog(ticks: { world.ticks.load(ordering: .relaxed) }) { event, others in
            world.lines.withLock { $0.append("\(event.name) \(event.cause) \(others)") }
        }
        for number in 1...5 { log.take(ServiceEvent(name: "a", cause: "\(number)", requestID: nil)) }
        log.take(ServiceEvent(name: "b", cause: "6", requestID: nil))
        world.ticks.add(9_999_999_999, ordering: .relaxed)
        log.take(ServiceEvent(name: "a", cause: "7", requestID: nil))
        world.ticks.add(1, ordering: .relaxed)
        log.take(ServiceEvent(name: "a", cause: "8", requestID: nil))
        log.take(ServiceEvent(name: "a", cause: "9", requestID: nil))
        #expect(world.lines.withLock { $0 } == ["a 1 0", "b 6 0", "a 8 5"])
    }

    private final class World: Sendable {
        let ticks = Atomic<Int64>(1)
        let lines = Mutex<[String]>([])
    }
}
