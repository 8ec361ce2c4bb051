import ArgumentParser
import Foundation
import Logging
import Messaging
import MessagingHTTP
import MicroHTTPServer
import SQLiteStore

/// `postbox serve`
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the four endpoints until SIGTERM or SIGINT.",
        discussion: """
            Prints one line "postbox: listening on http://HOST:PORT" once it serves. Ends with exit code 0 after answering \
            what is in flight, within 10 seconds.
            """)

    static let optionNames = [
        "host", "port", "database", "identity", "loops", "opening", "max-content-bytes", "index-capacity",
    ]
    static let flagNames = ["sample-data"]

    @Option(help: "The address to listen on: IPv4, IPv6 or localhost.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes a free one.")
    var port: UInt16 = 8080

    @OptionGroup var database: DatabaseOption

    @Option(help: "How requests say who is asking. demo believes X-User-ID, on loopback only.")
    var identity = IdentityKind.demo

    @Option(help: "How many event loops to run; 0 is one for each processor.")
    var loops = 0

    @Option(help: "Who may open conversations: anyone by sending a first message, or only the operator.")
    var opening = OpeningRight.anyone

    @Option(help: "The most content a message may have, in bytes of UTF-8 (1-1048576).")
    var maxContentBytes = MessageContent.defaultLimit

    @Option(help: "How many conversations, and how many people's lists, to keep in memory (1-100000000).")
    var indexCapacity = 200_000

    @Flag(help: "In demo identity, put a few people and conversations into an empty database.")
    var sampleData = false

    func validate() throws {
        guard (0...256).contains(loops) else { throw ValidationError("--loops must be from 0 to 256") }
        guard (1...1_048_576).contains(maxContentBytes) else {
            throw ValidationError("--max-content-bytes must be from 1 to 1048576")
        }
        guard (1...100_000_000).contains(indexCapacity) else {
            throw ValidationError("--index-capacity must be from 1 to 100000000")
        }
        guard identity != .demo || Loopback.contains(host) else {
            throw ValidationError("--identity demo believes everybody, so it serves loopback only, not \(host)")
        }
    }

    func run() throws {
        StopSignals.block()
        let logger = Logger(label: "postbox", factory: { StreamLogHandler.standardError(label: $0) })
        let server = try makeServer()
        let index = FreshnessIndex(capacity: indexCapacity)
        let store = try database.open(observer: index)
        defer { store.close() }
        if sampleData, identity == .demo, try store.isEmpty() {
            _ = try Import.apply(lines: SampleData.reader(), to: store)
        }
        let service = MessagingService(
            store: store, index: index, identity: DemoIdentity(),
            settings: ServiceSettings(contentLimit: maxContentBytes, usersMayOpen: opening == .anyone),
            now: SystemClock.now, makeConversationID: RandomIDs.conversation,
            log: { logger.error("\($0)") })
        do throws(ServerError) {
            try server.start(serving: service)
        } catch {
            throw Failure.unavailable(error.description)
        }
        announce(server)
        StopSignals.wait()
        server.stop(within: 10)
    }

    private func makeServer() throws -> Server {
        var configuration = ServerConfiguration(host: host, port: port)
        if loops > 0 { configuration.loops = loops }
        // A character may take six bytes as an escape, and there is more in a body than its content.
        configuration.bodyLimit = maxContentBytes * 6 + 64 * 1024
        do throws(ServerError) {
            return try Server(configuration: configuration)
        } catch {
            throw Failure.unavailable(error.description)
        }
    }

    private func announce(_ server: Server) {
        let name = host.contains(":") ? "[\(host)]" : host
        print("postbox: listening on http://\(name):\(server.boundPort)")
        if identity == .demo { print("postbox: demo identity: everybody is believed to be who they say they are") }
        // Whoever reads this through a pipe waits for it.
        fflush(nil)
    }
}
