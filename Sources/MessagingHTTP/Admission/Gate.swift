import HTTP
import Messaging
import Synchronization

/// Authenticates requests and applies the rate limits.
struct Gate: Sendable {
    private let identity: any Identity
    private let uncounted: AddressRanges
    private let polls: RateLimiter<Caller>
    private let sends: RateLimiter<Caller>
    /// Where an address has too many of these, no signature is computed for it.
    private let forgeries: RateLimiter<ClientNetwork>
    /// Requests without usable credentials; where an address has too many of these, only they are refused.
    private let strangers: RateLimiter<ClientNetwork>
    /// Documents that need no identity, so that only the network can be counted.
    private let documents: RateLimiter<ClientNetwork>
    private let ticks: @Sendable () -> Int64

    /// - Parameters:
    ///   - limited: is told of whom the limits turn away.
    ///   - ticks: nanoseconds of a monotonic clock; any thread may call it.
    init(
        identity: any Identity, limits: ServiceLimits, limited: LimitedPeople = LimitedPeople(),
        ticks: @escaping @Sendable () -> Int64
    ) {
        self.identity = identity
        self.ticks = ticks
        uncounted = limits.trustedProxies
        polls = RateLimiter(limits.polls, capacity: limits.capacity, whenRefused: limited.see)
        sends = RateLimiter(limits.sends, capacity: limits.capacity, whenRefused: limited.see)
        forgeries = RateLimiter(limits.failures, capacity: limits.capacity)
        strangers = RateLimiter(limits.failures, capacity: limits.capacity)
        documents = RateLimiter(limits.documents, capacity: limits.capacity)
    }

    /// How many requests each limit refused.
    var refusals: (sends: Int, polls: Int, failures: Int, documents: Int) {
        (
            sends.refusals.load(ordering: .relaxed), polls.refusals.load(ordering: .relaxed),
            forgeries.refusals.load(ordering: .relaxed) + strangers.refusals.load(ordering: .relaxed),
            documents.refusals.load(ordering: .relaxed)
        )
    }

    var vary: String { identity.vary }

    /// The caller if memory has it; takes no token. Nil also where the credentials are missing or invalid.
    ///
    /// - Parameter query: nil where it has not been read.
    func peek(_ request: Request, _ query: Query? = nil) -> Caller? {
        try? identity.rememberedCaller(of: request, query)
    }

    private func limiter(of request: Request) -> RateLimiter<Caller> { request.method.isSafe ? polls : sends }

    /// For how many seconds the credentials of a request are good, where memory has its caller.
    func remainingSeconds(of request: Request) -> Double { identity.remainingSeconds(of: request) }

    /// Takes a token for a request that ``peek(_:_:)`` let in.
    func take(_ caller: Caller, _ request: Request) throws(Problem) {
        try limiter(of: request).take(caller, now: ticks())
    }

    /// Takes a token for a document that needs no identity; trusted proxies are not counted.
    func takeDocument(_ request: Request) throws(Problem) {
        guard !uncounted.contains(request.peer) else { return }
        try documents.take(ClientNetwork(of: request.peer), now: ticks())
    }

    /// The caller if memory has it, without a token taken; nil where it takes ``admit(_:_:)``.
    ///
    /// - Throws: what is wrong with the credentials, which counts as a failure.
    func recognise(_ request: Request, _ query: Query) throws(Problem) -> Caller? {
        do throws(Problem) {
            return try identity.rememberedCaller(of: request, query)
        } catch {
            throw counted(error, request)
        }
    }

    /// How many bytes of an answer cost one token more.
    private static let bytesPerToken = 64 << 10

    /// Takes further tokens for a large answer; the caller's balance may become negative.
    ///
    /// - Parameter size: the bytes of its body, sent or, as for `HEAD`, only made out.
    func charge(_ caller: Caller, _ request: Request, size: Int) {
        guard size >= Self.bytesPerToken else { return }
        limiter(of: request).charge(size / Self.bytesPerToken, to: caller, now: ticks())
    }

    /// The result of a look-up of the caller.
    enum Admission {
        /// The caller was found in memory, and a token was taken.
        case admitted(Caller)
        /// Only ``admit(_:_:)`` can find the caller; no token was taken.
        case unknown
    }

    /// Admits a caller that is in memory, and takes a token.
    ///
    /// - Parameter known: the caller, where ``peek(_:_:)`` has found them already.
    func begin(_ request: Request, _ query: Query, known: Caller?) throws(Problem) -> Admission {
        do throws(Problem) {
            var caller = known
            if caller == nil { caller = try identity.rememberedCaller(of: request, query) }
            guard let caller else { return .unknown }
            try take(caller, request)
            return .admitted(caller)
        } catch {
            throw counted(error, request)
        }
    }

    /// Admits a caller that is not in memory, and takes a token.
    ///
    /// Where an address has failed too often, nothing is computed for it.
    func admit(_ request: Request, _ query: Query) async throws(Problem) -> Caller {
        if !uncounted.contains(request.peer), !identity.isVerified(request) {
            try forgeries.check(ClientNetwork(of: request.peer), now: ticks())
        }
        // What follows may take a while, and others wait for this thread.
        await Task.yield()
        do throws(Problem) {
            let identifiedCaller = try await identity.caller(of: request, query)
            try take(identifiedCaller.caller, request)
            await identifiedCaller.updateProfile?()
            return identifiedCaller.caller
        } catch {
            throw counted(error, request)
        }
    }

    /// The problem to answer with: a failure to authenticate counts against the address, until it counts as too many.
    ///
    /// An expired token does not count, because an open page may send it for days: otherwise it would block other users at the same
    /// address. The answer always says that the token has expired.
    private func counted(_ problem: Problem, _ request: Request) -> Problem {
        guard let fault = problem.credentialFault, !uncounted.contains(request.peer) else { return problem }
        do throws(Problem) {
            let network = ClientNetwork(of: request.peer)
            switch fault {
            case .stale: break
            case .unusable: try strangers.take(network, now: ticks())
            case .forged: try forgeries.take(network, now: ticks())
            }
            return problem
        } catch {
            return error
        }
    }
}
