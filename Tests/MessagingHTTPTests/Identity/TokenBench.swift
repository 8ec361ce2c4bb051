import HTTP
import Messaging
import Synchronization

@testable import MessagingHTTP

/// A token identity with a clock that stands still until it is told, and a count of the profile updates it makes.
final class TokenBench: Sendable {
    let identity: JWTIdentity
    private let clock: Clock
    private let host: Host

    private final class Clock: Sendable {
        let milliseconds = Mutex(TokenMint.now * 1000)
    }

    private final class Host: Sendable {
        let people = Mutex<[Person]>([])
        let isAtHome = Mutex(true)
    }

    init(_ keys: TokenKeys, capacity: Int = 100, rules: (inout TokenRules) -> Void = { _ in }) {
        let (clock, host) = (Clock(), Host())
        var set = TokenRules()
        rules(&set)
        self.clock = clock
        self.host = host
        identity = JWTIdentity(
            keys: keys, rules: set, hashKey: TokenHashKey { .random(in: .min ... .max) }, capacity: capacity,
            now: { Timestamp(milliseconds: clock.milliseconds.withLock { $0 }) },
            profileUpdates: ProfileUpdates(
                capacity: capacity, ticks: { clock.milliseconds.withLock { $0 * 1_000_000 } }
            ) { person, _ in
                host.people.withLock { $0.append(person) }
                return host.isAtHome.withLock { $0 }
            })
    }

    /// Whom it has introduced, in order.
    var updated: [Person] { host.people.withLock { $0 } }

    func setDisk(working: Bool) { host.isAtHome.withLock { $0 = working } }

    func pass(milliseconds: Int64) { clock.milliseconds.withLock { $0 += milliseconds } }

    static func request(_ authorization: [UInt8]...) -> Request {
        var fields = RequestFields()
        for value in authorization { fields.append(.authorization, value) }
        return Request(
            method: .get, target: Array("/api/messages/conversations".utf8), fields: fields, peer: "192.0.2.1")
    }

    static func bearer(_ token: [UInt8]) -> Request { request(Array("Bearer ".utf8) + token) }

    /// What becomes of a request: who is asking, or the problem.
    func outcome(_ request: Request) async -> Result<Caller, Problem> {
        do throws(Problem) {
            let query = try Query([])
            if let known = try identity.rememberedCaller(of: request, query) { return .success(known) }
            let identifiedCaller = try await identity.caller(of: request, query)
            await identifiedCaller.updateProfile?()
            return .success(identifiedCaller.caller)
        } catch {
            return .failure(error)
        }
    }

    func outcome(_ token: [UInt8]) async -> Result<Caller, Problem> { await outcome(Self.bearer(token)) }

    /// Whether memory alone knows the bearer of this token.
    func remembers(_ token: [UInt8]) -> Bool {
        (try? identity.rememberedCaller(of: Self.bearer(token), Query([]))) != nil
    }
}

extension Result where Success == Caller, Failure == Problem {
    /// Whether it is a `401` with the challenge for a bad token.
    var isInvalidToken: Bool {
        guard case .failure(let problem) = self, problem.kind == .unauthenticated else { return false }
        return problem.fields.count == 1 && problem.fields[0].name == "WWW-Authenticate"
            && problem.fields[0].value.hasPrefix(
                "Bearer realm=\"postbox\", error=\"invalid_token\", error_description=\"")
    }

    var caller: Caller? { try? get() }
}
