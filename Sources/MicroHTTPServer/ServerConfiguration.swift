import Glibc

/// Where a server listens and what it allows its clients; all limits hold per server unless they say otherwise.
public struct ServerConfiguration: Sendable {
    /// The address to listen on: an IPv4 or IPv6 literal, or `localhost`. `::` also takes IPv4.
    public var host: String
    /// The TCP port to listen on; 0 takes any free one.
    public var port: UInt16
    /// A socket to serve in place of one of our own on ``host`` and ``port``.
    public var inheritedSocket: InheritedSocket?
    /// The certificate to serve HTTPS with; HTTP without one.
    public var certificate: TLSCertificate?
    /// How many loops (one thread each) share the connections; at least 1.
    public var loops: Int
    /// The most connections open at a time; further ones wait in the kernel's backlog.
    public var connectionLimit: Int
    /// The most connections open at a time from one address; further ones are closed at once. 0 for no such limit.
    public var connectionsPerAddress: Int
    /// Tells the addresses that ``connectionsPerAddress`` does not hold for: proxies, which many people come through.
    ///
    /// Called on any loop thread, with the address as text.
    public var isUncountedAddress: @Sendable (String) -> Bool = { _ in false }
    /// Memory for the head of a request and of its response, in bytes per connection.
    ///
    /// It bounds the request line and header fields together (less about 80 bytes for each field); a larger head is
    /// answered with 431. A connection holds this much for as long as it is open.
    public var memoryPerConnection: Int
    /// The largest request body that is handed on, in bytes.
    public var bodyLimit: Int
    /// How many bytes all the bodies that are coming in, or wait for their answer, may have together; those of one caller, or of one network
    /// whose callers are not known yet, a sixteenth of it.
    public var bodyMemory = 64 << 20
    /// How long a connection may stay without any traffic before it is closed, in whole seconds; 0 for ever.
    public var idleTimeout: Int
    /// How long a request may take from its first byte to its last, in seconds, and how long the first one may be in
    /// coming. It is cut after one to one and a half times this.
    public var requestTimeout: Double
    /// How long a new connection has to send its first request when the server stops, in seconds: unlike a client that has had an
    /// answer, it would not try again.
    public var firstRequestGrace = 1.0

    /// The observer of failed exchanges, of those that took ``slowAfter``, and of all where ``observesAll``.
    public var observer: (any ExchangeObserver)?
    /// From how many seconds on an exchange is slow.
    public var slowAfter = Double.infinity
    /// Whether ``observer`` is told of every exchange.
    public var observesAll = false
    /// Makes the name of a request that came without one; any thread may call it.
    public var makeRequestID: @Sendable () -> String = { String(UInt64.random(in: .min ... .max), radix: 16) }

    /// Every value has a default that suits a small server.
    public init(
        host: String = "127.0.0.1", port: UInt16 = 8080, loops: Int = availableProcessors(),
        connectionLimit: Int = 20_000, connectionsPerAddress: Int = 0, memoryPerConnection: Int = 10 * 1024,
        bodyLimit: Int = 128 * 1024, idleTimeout: Int = 75, requestTimeout: Double = 30
    ) {
        self.host = host
        self.port = port
        self.loops = loops
        self.connectionLimit = connectionLimit
        self.connectionsPerAddress = connectionsPerAddress
        self.memoryPerConnection = memoryPerConnection
        self.bodyLimit = bodyLimit
        self.idleTimeout = idleTimeout
        self.requestTimeout = requestTimeout
    }
}

/// How many processors are online, at least 1.
public func availableProcessors() -> Int {
    max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
}
