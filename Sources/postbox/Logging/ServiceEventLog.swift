import Logging
import MessagingHTTP
import Synchronization

/// Logs events that the service does not report to its callers: the first of a kind at once, and then at most one in ten seconds.
///
/// On a disk that has failed every request is such an event, and the log may be on the same disk.
final class ServiceEventLog: Sendable {
    private struct Seen {
        var logged: Int64
        var unlogged = 0
    }

    private static let pause: Int64 = 10_000_000_000

    private let seen = Mutex<[String: Seen]>([:])
    private let ticks: @Sendable () -> Int64
    private let log: @Sendable (ServiceEvent, _ others: Int) -> Void

    /// - Parameters:
    ///   - ticks: nanoseconds of a monotonic clock.
    ///   - log: takes an event, and how many of its kind were left out before it.
    init(ticks: @escaping @Sendable () -> Int64, log: @escaping @Sendable (ServiceEvent, _ others: Int) -> Void) {
        self.ticks = ticks
        self.log = log
    }

    /// Logs an event; any thread may call.
    func take(_ event: ServiceEvent) {
        let now = ticks()
        // The names are few, so what is remembered is bounded.
        let others = seen.withLock { seen -> Int? in
            if let known = seen[event.name], now - known.logged < Self.pause {
                seen[event.name]?.unlogged += 1
                return nil
            }
            let others = seen[event.name]?.unlogged ?? 0
            seen[event.name] = Seen(logged: now)
            return others
        }
        if let others { log(event, others) }
    }
}
