import Logging

/// What swift-log hands events to: puts each as one line into the queue.
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
