import ArgumentParser
import Logging
import MicroHTTPServer

/// The options for logs, metrics and probes.
struct WatchOptions: ParsableArguments {
    @Option(help: "The least level of what is logged; SIGUSR1 turns debug on, and back.")
    var logLevel = Logger.Level.notice

    @Option(help: "How events are written to standard error: one line each, as text or JSON.")
    var logFormat = LogFormat.text

    @Flag(help: "Log every request: what was asked without its query, what came of it, and how long it took.")
    var accessLog = false

    @Option(help: "The share of requests the access log has (0-1); those that failed on our side are always in it.")
    var accessLogSample = 1.0

    @Option(help: "From how many seconds on a request is logged as slow (0-3600); 0 is never.")
    var slowRequest = 1.0

    @Option(help: "From how many seconds on a transaction is logged as slow (0-3600); 0 is never.")
    var slowCommit = 0.5

    @Option(help: "An address to serve /metrics, /healthz and /readyz on, such as 127.0.0.1:9090; off without it.")
    var admin: ListenAddress?

    @Option(
        help: """
            The folder with the backups of this database (FILE.sqlite); /metrics says when the newest was made. Without effect with \
            PostgreSQL.
            """)
    var backupFolder: String?

    func validate() throws {
        guard (0...1).contains(accessLogSample) else {
            throw ValidationError("--access-log-sample must be from 0 to 1")
        }
        guard (0...3600).contains(slowRequest) else {
            throw ValidationError("--slow-request must be from 0 to 3600")
        }
        guard (0...3600).contains(slowCommit) else {
            throw ValidationError("--slow-commit must be from 0 to 3600")
        }
    }

    /// From how many seconds on a transaction is slow.
    var slowCommitAfter: Double { slowCommit > 0 ? slowCommit : .infinity }

    /// From how many seconds on a request is slow.
    var slowRequestAfter: Double { slowRequest > 0 ? slowRequest : .infinity }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

extension WatchOptions {
    /// Binds the address for operators, if one is given; it is a server of its own with one loop, so that nothing that happens
    /// on the public port keeps them from seeing it.
    func makeAdminServer() throws -> Server? {
        guard let admin else { return nil }
        let configuration = ServerConfiguration(
            host: admin.host, port: admin.port, loops: 1, connectionLimit: 64, bodyLimit: 0, idleTimeout: 75,
            requestTimeout: 5)
        do throws(ServerError) {
            return try Server(configuration: configuration)
        } catch {
            throw Failure.unavailable(error.description)
        }
    }
}

/// How events are written down.
enum LogFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case text, json
}
