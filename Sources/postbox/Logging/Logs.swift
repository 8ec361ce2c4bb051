import Logging
import MicroHTTPServer

/// The log of a server that runs: the queue, its level, and who writes to it.
struct Logs {
    let queue: LogQueue
    let levels: LogLevels
    let logger: Logger

    init(_ options: WatchOptions) {
        let queue = LogQueue(format: options.logFormat, write: StandardError.write) { count in
            LogLine(
                time: SystemClock.now(), level: .warning, message: "log lines were dropped",
                fields: [("count", .number(count))])
        }
        let levels = LogLevels(usual: options.logLevel)
        self.queue = queue
        self.levels = levels
        logger = Logger(label: "postbox", factory: { _ in QueuedLogHandler(queue: queue, levels: levels) })
    }

    /// Has a server tell of its exchanges.
    func observe(_ configuration: inout ServerConfiguration, _ options: WatchOptions) {
        configuration.makeRequestID = RandomIDs.request
        configuration.slowAfter = options.slowRequestAfter
        configuration.observesAll = options.accessLog
        configuration.observer = ExchangeLog(
            queue: queue, logger: logger, slowAfter: options.slowRequestAfter,
            sampler: options.accessLog ? Sampler(share: options.accessLogSample) : nil)
    }

    /// Turns debug on, or back.
    func toggleLevel() {
        levels.toggle()
        let level = levels.level
        queue.put {
            LogLine(
                time: SystemClock.now(), level: .notice, message: "the log level has changed",
                fields: [("log_level", .text("\(level)"))])
        }
    }
}
