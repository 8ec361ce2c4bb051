import Glibc
import Logging
import MicroHTTPServer
import Synchronization

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

    /// Logs the exchanges of a server.
    func observe(_ configuration: inout ServerConfiguration, _ options: WatchOptions) {
        configuration.makeRequestID = RandomIDs.request
        configuration.slowAfter = options.slowRequestAfter
        configuration.observesAll = options.accessLog
        configuration.observer = ExchangeLog(
            queue: queue, logger: logger, slowAfter: options.slowRequestAfter,
            sampler: options.accessLog ? Sampler(share: options.accessLogSample) : nil)
    }

    /// Turns debug on or off.
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

/// From which level on events are logged; changed while running, read by any thread.
final class LogLevels: Sendable {
    private static let all = Logger.Level.allCases

    private let usual: Logger.Level
    private let place: Atomic<Int>

    /// Begins with the usual level.
    init(usual: Logger.Level) {
        self.usual = usual
        place = Atomic(Self.place(of: usual))
    }

    /// The present level.
    var level: Logger.Level { Self.all[place.load(ordering: .relaxed)] }

    /// Turns debug on or, where it is on, goes back to the usual level; where that is no higher than debug, to info and back.
    func toggle() {
        let other = usual <= .debug ? Logger.Level.info : .debug
        place.store(Self.place(of: level == usual ? other : usual), ordering: .relaxed)
    }

    private static func place(of level: Logger.Level) -> Int {
        // The list holds every level there is.
        all.firstIndex(of: level) ?? 0
    }
}

/// The handler of swift-log: puts each event as one line into the queue.
struct QueuedLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    private let queue: LogQueue
    private let levels: LogLevels
    private var own: Logger.Level?

    init(queue: LogQueue, levels: LogLevels) {
        self.queue = queue
        self.levels = levels
    }

    /// The level of the whole program, unless this handler was given one of its own.
    var logLevel: Logger.Level {
        get { own ?? levels.level }
        set { own = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let time = SystemClock.now()
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        queue.put {
            var line = LogLine(time: time, level: event.level, message: "\(event.message)")
            for (name, value) in fields { line.fields.append((name, .text("\(value)"))) }
            if let error = event.error { line.fields.append(("error", .text(String(describing: error)))) }
            return line
        }
    }
}

/// Standard error, written to by one thread.
enum StandardError {
    /// Writes all bytes, waiting until they are read; false where the other end is closed.
    static func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Another process has made the pipe non-blocking.
                var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                poll(&descriptor, 1, 1000)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
