import ArgumentParser
import Foundation
import Logging
import Messaging
import MessagingHTTP
import MicroHTTPServer

/// `postbox serve`
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the four endpoints until SIGTERM or SIGINT.",
        discussion: """
            Prints one line "postbox: listening on http://HOST:PORT" once it serves. Ends with exit code 0 after answering \
            what is in flight, within 10 seconds. SIGHUP reads keys and certificate again. Where there is a socket \
            from systemd (LISTEN_FDS), it takes the place of what --host and --port say. Systemd is told how it goes (NOTIFY_SOCKET).
            """)

    @Option(help: "The address to listen on: IPv4, IPv6 or localhost.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes a free one.")
    var port: UInt16 = 8080

    @OptionGroup var database: DatabaseOption

    @Option(help: "How many event loops to run (1-256); 0 is one for each processor.")
    var loops = 0

    @Option(help: "Who may open conversations: anyone by sending a first message, or only the operator.")
    var opening = OpeningRight.anyone

    @Option(help: "How many conversations, and how many people's lists, to keep in memory (1-100000000).")
    var indexCapacity = 200_000

    @Option(
        help: """
            An origin whose pages may use the service, exactly as browsers send it, such as https://app.example.org or \
            capacitor://localhost; may be repeated. * allows every page, but none with cookies. In demo identity pages of loopback \
            origins, such as http://localhost:4200, may use it too.
            """)
    var corsOrigin: [String] = []

    @Flag(help: "In demo identity, put a few people and conversations into an empty database.")
    var sampleData = false

    @Flag(help: "Show the page for people at /; in demo identity it is always there.")
    var page = false

    @Flag(help: "Compress no bodies, whatever clients accept: for where a proxy does it.")
    var noCompression = false

    @Flag(
        help: """
            With PostgreSQL: answer a write only once a synchronous standby has it. Where none is there, writes are answered 503.
            """)
    var replicated = false

    @Option(
        help: """
            With PostgreSQL and several servers on one database: how many milliseconds old what a server answers from memory may be \
            (5-1000); 30 unless given, and 60 with --replicated, where a standby confirms each look for what is new. A write is answered \
            that much later, so that no server answers as if it were not there. The same at all of them.
            """)
    var freshnessBound: Int?

    @Option(
        help: """
            With PostgreSQL: the address of a standby from which older pages of messages may be read, where it has what the primary has; \
            may be repeated (at most 16). Everything else is read from the primary, and older pages too where the standby lags or is away.
            """)
    var readReplica: [String] = []

    @Flag(
        help: """
            Leave the copying of the write-ahead log into the database file to another process, such as Litestream. Without one the \
            log grows for as long as the server runs.
            """)
    var externalCheckpoints = false

    @OptionGroup(title: "Identity") var identity: IdentityOptions
    @OptionGroup(title: "TLS") var tls: TLSOptions
    @OptionGroup(title: "Polling") var polling: PollingOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Retention") var retention: RetentionOptions
    @OptionGroup(title: "Watching") var watch: WatchOptions

    /// How many milliseconds old what a server answers from memory may be, beside others.
    var freshness: Int { freshnessBound ?? (replicated ? 60 : 30) }

    /// The identity in force. ``validate()`` refuses to serve without a choice, so the default here is jwt, which accepts no request
    /// without keys.
    var kind: IdentityKind { identity.kind ?? .jwt }

    /// Where it listens: on the socket it was given, or on one of its own.
    private var listeningHost: String { SocketActivation.socket?.host ?? host }

    /// How many event loops serve: as `--loops` says, or one for each processor.
    var loopCount: Int { loops > 0 ? loops : availableProcessors() }

    /// The most connections at a time: `--max-connections`, or fewer where the process may not have as many descriptors.
    var connectionLimit: Int {
        Descriptors.room(for: limits.maxConnections, loops: loopCount)
    }

    func validate() throws {
        guard (0...256).contains(loops) else { throw ValidationError("--loops must be from 0 to 256") }
        guard (1...100_000_000).contains(indexCapacity) else {
            throw ValidationError("--index-capacity must be from 1 to 100000000")
        }
        guard (5...1000).contains(freshness) else {
            throw ValidationError("--freshness-bound must be from 5 to 1000")
        }
        for origin in corsOrigin where origin != "*" {
            do { _ = try WebOrigin(origin) } catch { throw ValidationError("--cors-origin \(error)") }
        }
        try checkDatabase()
        try identity.check(host: listeningHost, isManaged: SocketActivation.isGiven)
    }

    /// Refuses what a database of the other kind does not have.
    private func checkDatabase() throws {
        switch database.address {
        case .file:
            guard !replicated else {
                throw ValidationError("--replicated needs a PostgreSQL database; a file has no standby")
            }
            guard readReplica.isEmpty else {
                throw ValidationError("--read-replica needs a PostgreSQL database; a file has no standby")
            }
        case .postgres:
            guard readReplica.count <= 16 else { throw ValidationError("--read-replica may be given at most 16 times") }
            guard readReplica.allSatisfy({ DatabaseAddress($0).isServer }) else {
                throw ValidationError(
                    "--read-replica must be the address of a PostgreSQL, such as postgres://postbox@standby/chat")
            }
            guard !externalCheckpoints else {
                throw ValidationError("--external-checkpoints is for a database file; PostgreSQL makes its own")
            }
        }
    }

    private func backupFolder(_ place: DatabasePlace) -> BackupFolder? {
        guard let path = watch.backupFolder, let file = place.file else { return nil }
        return BackupFolder(path: path, database: file)
    }

    func run() throws {
        try SocketActivation.check()
        Signals.block()
        Allocator.separateLargeBlocks()
        Descriptors.raiseLimit()
        let logs = Logs(watch)
        defer { logs.queue.close() }
        ServiceVariables.notice(ProcessInfo.processInfo.environment).map { logs.logger.notice("\($0)") }
        let manager = ServiceManager(ProcessInfo.processInfo.environment)
        let certificate = try tls.files?.load()
        let server = try makeServer(logs, certificate)
        let admin = try watch.makeAdminServer()
        let deliveries = admin.map { _ in DeliveryClock(ticks: SystemClock.ticks) }
        let commits = CommitMetrics(queue: logs.queue, slowAfter: watch.slowCommitAfter)
        let index = FreshnessIndex(capacity: indexCapacity)
        // Before the keys: what changes after this is read again.
        let keyVersion = identity.keyFile?.version
        let keys = try loadKeys(logs.logger)
        let opened = try openStore(index, deliveries, commits, logs.logger)
        let store = opened.store
        defer { store.close() }
        let commands = ControlMetrics()
        let control = openControl(opened, commands, logs.logger)
        defer { control?.stop() }
        let retention = makeRetention(store, logs.logger)
        defer { retention.stop() }
        let (identity, jwt) = makeIdentity(keys, store, logs.logger)
        let service = makeService(store, index, identity, logs.logger, deliveries, server)
        let page = deliveries.map {
            MetricsPage(
                server: server, service: service, store: store, index: index, deliveries: $0, commits: commits,
                logs: logs, commands: commands, connectionLimit: connectionLimit, database: opened.place,
                backups: backupFolder(opened.place), retention: retention)
        }
        try start(server, service, admin, page)
        let url = ListenAddress.url(listeningHost, server.boundPort, scheme: certificate == nil ? "http" : "https")
        announce(url, admin, opened, logs.logger)
        let watcher = jwt.flatMap { jwt in
            self.identity.keyFile.map { KeyWatcher(file: $0, version: keyVersion, identity: jwt, logger: logs.logger) }
        }
        let reloader = tls.files.map { CertificateReloader(files: $0, server: server, logger: logs.logger) }
        reloader?.look()
        let supervisor = Supervisor(
            server: server, manager: manager, keys: watcher, certificate: reloader, logs: logs,
            answers: service.answerMemory, pace: service.pollPace, connectionBytes: bytesPerConnection, url: url)
        supervisor.work()
        manager.tell(.stopping)
        logs.logger.info("stopping")
        control?.beginStop()
        server.stop(within: 10)
        admin?.stop(within: 1)
    }

    private func start(
        _ server: Server, _ service: MessagingService, _ admin: Server?, _ page: MetricsPage?
    ) throws {
        do throws(ServerError) {
            try server.start(serving: service)
            if let page { try admin?.start(serving: AdminHandler(page: page)) }
        } catch {
            throw Failure.unavailable(error.description)
        }
    }

    private func announce(_ url: String, _ admin: Server?, _ opened: DatabaseOption.Opened, _ logger: Logger) {
        print("postbox: listening on \(url)")
        if let admin, let name = watch.admin {
            print("postbox: metrics on \(ListenAddress.url(name.host, admin.boundPort))/metrics")
        }
        if kind == .demo { print("postbox: demo identity: everybody is believed to be who they say they are") }
        // A pipe is buffered, and the process at its other end waits for these lines.
        fflush(nil)
        let bounds = memoryBounds
        logger.info(
            "memory is bounded",
            metadata: ["total_bytes": .stringConvertible(bounds.total)].merging(bounds.fields) { $1 })
        var fields: Logger.Metadata = [
            "address": "\(url)", "identity": "\(kind.rawValue)",
            "database": "\(opened.name)", "version": "\(Version.current)",
        ]
        if case .server(let connections) = opened.place, let nodes = connections().nodes {
            fields["other_nodes"] = .stringConvertible(nodes.nodes - 1)
        }
        if let replicas = opened.place.replicas?.up, !replicas.isEmpty {
            fields["read_replicas"] = "\(replicas.map(\.place).joined(separator: ", "))"
        }
        logger.info("serving", metadata: fields)
    }
}

/// Who may open conversations.
enum OpeningRight: String, ExpressibleByArgument, CaseIterable {
    case anyone
    case `operator`
}
