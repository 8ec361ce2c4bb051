import MessagingHTTP
import MicroHTTPServer

/// Supervises a running server: signals, the files of its configuration, and the service manager.
struct Supervisor {
    /// After how many seconds without a turn a loop counts as hung.
    static let hungAfter = 5.0

    let server: Server
    let manager: ServiceManager
    let keys: KeyWatcher?
    let certificate: CertificateReloader?
    let logs: Logs
    let answers: AnswerMemory
    let pace: PollPace
    /// The memory of each open connection, in bytes.
    let connectionBytes: Int
    /// Where the server can be reached.
    let url: String

    /// Works until a signal says stop.
    func work() {
        manager.tell(.ready(status: "listening on \(url)"))
        var trimmer = makeTrimmer()
        var load = LoopLoad(server.busyNanoseconds, at: MonotonicTime.now.nanoseconds)
        while true {
            switch Signals.next() {
            case .stop: return
            case .reload: reload()
            case .changeLogLevel: logs.toggleLevel()
            case nil:
                keys?.look(always: false)
                certificate?.look()
                trimmer.look()
            }
            // Also after a signal: signals that come more often than once a second must not keep the load from being looked at.
            if let busy = load.share(server.busyNanoseconds, at: MonotonicTime.now.nanoseconds) { pace.observe(busy) }
            if manager.watches, server.secondsSinceTurn < Self.hungAfter { manager.tell(.alive) }
        }
    }

    private func makeTrimmer() -> MemoryTrimmer {
        // Connections come and go more slowly than it looks.
        func connections() -> Int { server.statistics.openConnections * connectionBytes }
        return MemoryTrimmer(
            held: { answers.held + server.bodyBytes + connections() },
            takePeak: { answers.takePeak() + server.takePeakOfBodies() + connections() })
    }

    private func reload() {
        manager.tell(.reloading(microseconds: Int(SystemClock.ticks() / 1000)))
        keys?.look(always: true)
        certificate?.reload()
        manager.tell(.ready(status: "listening on \(url)"))
    }
}
