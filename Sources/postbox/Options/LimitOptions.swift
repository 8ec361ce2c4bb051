import ArgumentParser
import Messaging
import MessagingHTTP
import MicroHTTPServer

/// The options that bound what clients can do.
struct LimitOptions: ParsableArguments {
    @Option(
        help: """
            How many servers share the users' requests (1-1000). Each one counts by itself, so it allows a user this part of the rates and \
            bursts below.
            """)
    var nodes = 1

    @Option(help: "How many messages and read markers a user may send a second in the long run; 0 is no limit.")
    var sendRate = 5.0

    @Option(help: "How many messages and read markers a user may send at once (1-1000000).")
    var sendBurst = 30

    @Option(help: "How many polls a user may make a second in the long run; 0 is no limit.")
    var pollRate = 20.0

    @Option(help: "How many polls a user may make at once (1-1000000).")
    var pollBurst = 200

    @Option(
        help: """
            How many conversations a user may open a second in the long run, a group counting one more for each 20 people; 0 is no \
            limit. Writing to one that exists is not opening it.
            """)
    var openRate = 0.2

    @Option(help: "How many conversations a user may open at once (1-1000000).")
    var openBurst = 60

    @Option(help: "The most content a message may have, in bytes of UTF-8 (1-1048576).")
    var maxContentBytes = MessageContent.defaultLimit

    @Option(help: "The most memory for the head of a request, in bytes per connection (4096-1048576).")
    var maxHeaderBytes = 10 * 1024

    @Option(
        help:
            "The most bytes of a page, unless one entry has more; what is left comes with the next one (1-1073741824).")
    var maxAnswerBytes = 1 << 20

    @Option(
        help: """
            The most memory for answers that are not yet sent, in bytes (65536-1099511627776); a sixteenth of it for one user. Beyond it \
            requests are answered with 503, but for polls that find nothing new.
            """)
    var maxAnswerMemory = 256 << 20

    @Option(help: "The most connections at a time (1-1000000); further ones wait.")
    var maxConnections = 20_000

    @Option(help: "The most connections at a time from one address that is no trusted proxy; 0 is no limit.")
    var maxConnectionsPerAddress = 2000

    @Option(help: "How many seconds a request may take to come in (0.1-3600).")
    var requestTimeout = 30.0

    @Option(help: "How many seconds a connection may be idle (1-86400).")
    var idleTimeout = 75

    func validate() throws {
        try check("--nodes", nodes, 1...1000)
        try check("--send-rate", sendRate, 0...1_000_000)
        try check("--send-burst", sendBurst, 1...1_000_000)
        try check("--poll-rate", pollRate, 0...1_000_000)
        try check("--poll-burst", pollBurst, 1...1_000_000)
        try check("--open-rate", openRate, 0...1_000_000)
        try check("--open-burst", openBurst, 1...1_000_000)
        try check("--max-content-bytes", maxContentBytes, 1...1_048_576)
        try check("--max-header-bytes", maxHeaderBytes, 4096...1_048_576)
        try check("--max-answer-bytes", maxAnswerBytes, 1...1 << 30)
        try check("--max-answer-memory", maxAnswerMemory, 65_536...1 << 40)
        try check("--max-connections", maxConnections, 1...1_000_000)
        try check("--max-connections-per-address", maxConnectionsPerAddress, 0...1_000_000)
        try check("--request-timeout", requestTimeout, 0.1...3600)
        try check("--idle-timeout", idleTimeout, 1...86_400)
    }

    /// The limits of the service.
    func serviceLimits(trustedProxies: AddressRanges) -> ServiceLimits {
        var limits = ServiceLimits()
        limits.sends = limit("sends", perSecond: sendRate, burst: sendBurst)
        limits.polls = limit("polls", perSecond: pollRate, burst: pollBurst)
        limits.openings = limit("openings", perSecond: openRate, burst: openBurst)
        limits.trustedProxies = trustedProxies
        return limits
    }

    /// This server's part of a rate limit.
    private func limit(_ name: String, perSecond: Double, burst: Int) -> RateLimit {
        RateLimit(name: name, perSecond: perSecond / Double(nodes), burst: (burst + nodes - 1) / nodes)
    }

    /// The limits of answers.
    func apply(to settings: inout ServiceSettings) {
        settings.mostAnswerBytes = maxAnswerBytes
        settings.mostAnswerMemory = maxAnswerMemory
    }

    /// The limits of the server.
    ///
    /// - Parameter connectionLimit: ``maxConnections``, or fewer where the process may not have as many descriptors.
    func apply(to configuration: inout ServerConfiguration, connectionLimit: Int, trustedProxies: AddressRanges) {
        configuration.connectionLimit = connectionLimit
        configuration.connectionsPerAddress = maxConnectionsPerAddress
        configuration.isUncountedAddress = trustedProxies.contains
        configuration.memoryPerConnection = maxHeaderBytes
        // A character may take six bytes as an escape, and there is more in a body than its content.
        configuration.bodyLimit = maxContentBytes * 6 + 64 * 1024
        configuration.requestTimeout = requestTimeout
        configuration.idleTimeout = idleTimeout
    }
}

extension ParsableArguments {
    /// Refuses a value that is out of range.
    func check<Number: Comparable>(_ name: String, _ value: Number, _ range: ClosedRange<Number>) throws {
        guard range.contains(value) else {
            throw ValidationError("\(name) must be from \(range.lowerBound) to \(range.upperBound)")
        }
    }
}
