import Logging
import MessagingHTTP
import MicroHTTPServer
import Synchronization

/// Logs exchanges: slow ones as warnings, refused ones for debugging, and a share of all where that is configured.
struct ExchangeLog: ExchangeObserver {
    let queue: LogQueue
    let logger: Logger
    /// From how many seconds on an exchange is slow.
    let slowAfter: Double
    /// Which exchanges the access log has; nil where there is no access log.
    let sampler: Sampler?

    func answered(_ exchange: Exchange) {
        if exchange.seconds >= slowAfter { put(exchange, "slow request", .warning) }
        if exchange.response.status >= 400, logger.logLevel <= .debug {
            put(exchange, "request refused", .debug)
        }
        // Failures of the server are always logged.
        if let sampler, exchange.response.status >= 500 || sampler.takes() { put(exchange, "request", .info) }
    }

    private func put(_ exchange: Exchange, _ message: String, _ level: Logger.Level) {
        let time = SystemClock.now()
        queue.put {
            LogLine(time: time, level: level, message: message, fields: Self.fields(of: exchange))
        }
    }

    /// The fields of an exchange that may be logged: no query, no header field but the request id, and for the user only a number that
    /// changes with each start.
    static func fields(of exchange: Exchange) -> [(name: String, value: LogLine.Value)] {
        let (request, response) = (exchange.request, exchange.response)
        var fields: [(name: String, value: LogLine.Value)] = [
            ("method", .text(request.method.name.isEmpty ? "other" : request.method.name)),
            ("path", .text(LoggedPath.text(of: request.target))), ("status", .number(response.status)),
            ("bytes", .number(request.method == .head ? 0 : response.body.count)),
            ("seconds", .seconds(exchange.seconds)),
            ("endpoint", .text(response.label.endpoint.name)), ("outcome", .text(response.label.outcome.name)),
            ("peer", .text(request.peer)),
        ]
        if response.label.viewer != 0 {
            // Swift's hashes are keyed anew in each process.
            let number = UInt64(bitPattern: Int64(response.label.viewer.hashValue))
            fields.append(("user", .text(String(number, radix: 16))))
        }
        if let id = request.id { fields.append(("request_id", .text(id))) }
        return fields
    }
}

/// Takes an evenly spread share of events: of any number in a row, the share of them, give or take one.
final class Sampler: Sendable {
    private let share: Double
    private let seen = Mutex(0)

    /// - Parameter share: from 0 for none to 1 for all.
    init(share: Double) {
        self.share = share
    }

    /// Whether the next one is taken; any thread may ask.
    func takes() -> Bool {
        guard share < 1 else { return true }
        return seen.withLock { seen in
            let before = (Double(seen) * share).rounded(.down)
            seen += 1
            return (Double(seen) * share).rounded(.down) > before
        }
    }
}
