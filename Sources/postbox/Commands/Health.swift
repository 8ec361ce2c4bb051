import ArgumentParser
import MicroHTTPServer

/// `postbox health`
struct Health: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a running server whether it is ready.",
        discussion: """
            Asks for /readyz: at the address of --admin where that is given, and otherwise at --host and --port, over TLS where \
            --tls-cert is given. It takes the variables of these options as serve does, so beside the server, as in a container, \
            "postbox health" is enough. An address of all interfaces stands for loopback; the certificate is not verified.

            Prints one line. Exit code 0 says that the server is ready, 69 that it is not, or that nobody answers in time.
            """)

    @Option(help: "The address that the server listens on.")
    var host = "127.0.0.1"

    @Option(help: "The port that the server listens on.")
    var port: UInt16 = 8080

    @Option(
        name: .customLong("tls-cert"),
        help: "The file with the server's certificate; any value says that the port speaks HTTPS.")
    var certificate: String?

    @Option(help: "The address of the server's metrics, such as 127.0.0.1:9090, which is asked instead.")
    var admin: ListenAddress?

    @Option(help: "How many seconds to wait for an answer at most (0.1-60).")
    var timeout = 5.0

    func validate() throws {
        guard (0.1...60).contains(timeout) else { throw ValidationError("--timeout must be from 0.1 to 60") }
        guard asked.port > 0 else { throw ValidationError("name the port that the server has taken") }
    }

    private var asked: (host: String, port: UInt16, usesTLS: Bool) {
        admin.map { ($0.host, $0.port, false) } ?? (host, port, certificate != nil)
    }

    func run() throws {
        let (host, port, usesTLS) = asked
        let url = ListenAddress.url(host, port, scheme: usesTLS ? "https" : "http") + "/readyz"
        let answer: Probe.Answer
        do throws(ServerError) {
            answer = try Probe(host: host, port: port, usesTLS: usesTLS, within: timeout).ask(for: "/readyz")
        } catch {
            throw Failure.unavailable("\(url) does not answer: \(Self.text(of: error))")
        }
        guard answer.status == 200 else {
            throw Failure.unavailable("\(url) is not ready, and answers \(answer.status): \(answer.body)")
        }
        print("postbox: \(url) is ready")
    }

    /// The descriptions of these errors are about listening, where they say more than the system does.
    private static func text(of error: ServerError) -> String {
        guard case .invalidAddress(let host) = error else { return error.description }
        return "\"\(host)\" is neither an IPv4 nor an IPv6 address, nor localhost"
    }
}
