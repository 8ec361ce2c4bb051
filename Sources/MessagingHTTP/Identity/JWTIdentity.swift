import Glibc
import HTTP
import Messaging
import Synchronization

/// Trusts bearer tokens (RFC 6750) that are signed with one of the operator's keys.
///
/// A token is verified once and remembered, so that an idle poll costs a look-up. It is forgotten when it expires, and when the
/// keys change. A forged one is remembered too: a client that goes on sending it costs no second signature.
public final class JWTIdentity: Identity {
    /// The cached part of a verified token; kept small because there are many.
    private struct Remembered {
        let caller: Caller
        let expires: Timestamp
        /// What it says about how they are called, until that is settled.
        var claim: Claim?
    }

    private final class Claim: Sendable {
        let person: Person

        init(_ person: Person) { self.person = person }
    }

    private enum Known {
        case bearer(Remembered)
        case forged
    }

    private enum Verified: Sendable {
        case known(Remembered)
        case new(TokenRules.Bearer, generation: Int)
    }

    private struct Memory {
        var keys: TokenKeys
        var generation = 0
        var bearers: LeastRecentlyUsed<TokenDigest, Remembered>
        var forgeries: LeastRecentlyUsed<TokenDigest, Void>

        init(keys: TokenKeys, generation: Int, capacity: Int) {
            self.keys = keys
            self.generation = generation
            bearers = LeastRecentlyUsed(capacity: capacity)
            forgeries = LeastRecentlyUsed(capacity: min(capacity, 10_000))
        }

        mutating func known(_ digest: TokenDigest) -> Known? {
            if let bearer = bearers.value(for: digest) { return .bearer(bearer) }
            return forgeries.value(for: digest).map { .forged }
        }
    }

    private let rules: TokenRules
    private let hashKey: TokenHashKey
    private let now: @Sendable () -> Timestamp
    private let profileUpdates: ProfileUpdates
    private let proxies: AddressRanges
    private let memory: Mutex<Memory>
    private let capacity: Int
    private let queue = VerificationQueue()

    /// The field with the token.
    public var vary: String { "Authorization" }

    /// No browser adds a token by itself.
    public var exposure: CrossSiteExposure { .nothing }

    /// - Parameters:
    ///   - hashKey: what remembered tokens are found by.
    ///   - capacity: how many verified tokens to remember.
    ///   - now: the clock; any thread may call it.
    ///   - profileUpdates: has the names stored that tokens claim.
    ///   - proxies: whose word counts for where a request comes from, when tokens wait to be verified.
    public init(
        keys: TokenKeys, rules: TokenRules, hashKey: TokenHashKey, capacity: Int,
        now: @escaping @Sendable () -> Timestamp, profileUpdates: ProfileUpdates, proxies: AddressRanges = .loopback
    ) {
        self.rules = rules
        self.hashKey = hashKey
        self.now = now
        self.profileUpdates = profileUpdates
        self.proxies = proxies
        self.capacity = capacity
        memory = Mutex(Memory(keys: keys, generation: 0, capacity: capacity))
    }

    /// Takes other keys from now on; what was verified with the old ones is forgotten. Any thread may call it.
    public func replaceKeys(_ keys: TokenKeys) {
        memory.withLock { memory in
            memory = Memory(keys: keys, generation: memory.generation + 1, capacity: capacity)
        }
    }

    /// The bearer of a token that was verified before and has not expired, unless it says something new about how they are called.
    public func rememberedCaller(of request: Request, _ query: Query?) throws(Problem) -> Caller? {
        guard let digest = TokenDigest(try BearerToken.of(request), key: hashKey) else { return nil }
        guard let bearer = memory.withLock({ $0.bearers.value(for: digest) }) else {
            if memory.withLock({ $0.forgeries.value(for: digest) }) != nil { throw Self.notSigned(.unusable) }
            return nil
        }
        // An expired token goes through the full check, which says why it is refused.
        return bearer.claim == nil && isValid(bearer) ? bearer.caller : nil
    }

    /// Whether the token was verified before and has not expired.
    public func isVerified(_ request: Request) -> Bool {
        guard let token = try? BearerToken.of(request), let digest = TokenDigest(token, key: hashKey),
            let bearer = memory.withLock({ $0.bearers.value(for: digest) })
        else { return false }
        return isValid(bearer)
    }

    /// The time until the token expires; 0 where it is not remembered.
    public func remainingSeconds(of request: Request) -> Double {
        guard let token = try? BearerToken.of(request), let digest = TokenDigest(token, key: hashKey),
            let bearer = memory.withLock({ $0.bearers.value(for: digest) })
        else { return 0 }
        return Double(max(0, bearer.expires.milliseconds - now().milliseconds)) / 1000
    }

    /// The bearer of a token that is good, and how they are called.
    public func caller(of request: Request, _ query: Query) async throws(Problem) -> IdentifiedCaller {
        let token = Array(try BearerToken.of(request))
        let digest = TokenDigest(token[...], key: hashKey)
        // A name that has yet to be settled needs no signature.
        if let digest, case .bearer(let bearer)? = memory.withLock({ $0.known(digest) }), isValid(bearer) {
            return identifiedCaller(of: bearer, by: digest)
        }
        let verified = try await queue.run(for: ClientNetwork(of: request, through: proxies), size: token.count) {
            self.verify(token)
        }
        switch verified {
        case .known(let bearer): return identifiedCaller(of: bearer, by: digest)
        case .new(let bearer, let generation):
            // A key that was removed meanwhile no longer admits a request.
            guard generation == memory.withLock({ $0.generation }) else { return try await caller(of: request, query) }
            return identifiedCaller(of: remember(bearer, by: digest, generation), by: digest)
        }
    }

    /// Called on the thread of the queue.
    private func verify(_ token: [UInt8]) -> Result<Verified, Problem> {
        let digest = TokenDigest(token[...], key: hashKey)
        let (keys, generation, known) = memory.withLock { memory in
            (memory.keys, memory.generation, digest.flatMap { memory.known($0) })
        }
        do throws(Problem) {
            // Another request may have brought it while this one waited.
            switch known {
            case .bearer(let bearer) where isValid(bearer): return .success(.known(bearer))
            case .forged: throw Self.notSigned(.unusable)
            case .bearer, nil: break
            }
            guard let parts = UnverifiedToken(token) else { throw Self.notSigned(.unusable) }
            // First, since it takes less: tabs that poll on with an expired token cost no signature.
            let bearer = try rules.bearer(of: parts.claims, at: now())
            switch keys.verdict(on: parts) {
            case .good: return .success(.new(bearer, generation: generation))
            case .noKey: throw Self.notSigned(.unusable)
            case .forged:
                memory.withLock { memory in
                    guard memory.generation == generation, let digest else { return }
                    memory.forgeries.set(digest, to: ())
                }
                throw Self.notSigned(.forged)
            }
        } catch {
            return .failure(error)
        }
    }

    private func isValid(_ bearer: Remembered) -> Bool { now().milliseconds < bearer.expires.milliseconds }

    private func remember(_ bearer: TokenRules.Bearer, by digest: TokenDigest?, _ generation: Int) -> Remembered {
        let isNamed = bearer.person.name != nil || bearer.person.company != nil
        let new = Remembered(
            caller: bearer.caller, expires: bearer.expires, claim: isNamed ? Claim(bearer.person) : nil)
        guard let digest else { return new }
        return memory.withLock { memory in
            guard memory.generation == generation else { return new }
            // Where two requests brought it at once, all tables get to know the same caller.
            if let known = memory.bearers.value(for: digest), known.caller == new.caller { return known }
            memory.bearers.set(digest, to: new)
            return new
        }
    }

    /// A name that is not settled is claimed again by the next request.
    private func identifiedCaller(of bearer: Remembered, by digest: TokenDigest?) -> IdentifiedCaller {
        guard let claim = bearer.claim else { return IdentifiedCaller(bearer.caller) }
        return IdentifiedCaller(bearer.caller) { [self] in
            let lasting = (bearer.expires.milliseconds - now().milliseconds) / 1000
            guard await profileUpdates.settle(claim.person, of: bearer.caller, lasting: lasting), let digest else {
                return
            }
            memory.withLock { _ = $0.bearers.update(digest) { if $0.claim === claim { $0.claim = nil } } }
        }
    }

    private static func notSigned(_ fault: CredentialFault) -> Problem {
        .unauthenticated(
            "The token is malformed, or not signed with a key that counts here.", error: "invalid_token", fault)
    }
}

/// Finds the token in `Authorization: Bearer …` (RFC 6750, section 2.1).
enum BearerToken {
    private static let scheme: StaticString = "Bearer "

    /// The token as it came, unverified.
    ///
    /// - Throws: `unauthenticated` where there is none, `malformed-request` where there are several.
    static func of(_ request: Request) throws(Problem) -> ArraySlice<UInt8> {
        guard let value = request.fields[.authorization] else {
            throw .unauthenticated("Send a token: Authorization: Bearer …")
        }
        guard request.fields.count(of: .authorization) == 1 else {
            let challenge = "Bearer realm=\"postbox\", error=\"invalid_request\""
            throw Problem(
                .malformedRequest, "Authorization is given twice.",
                fields: [Response.Field("WWW-Authenticate", challenge)])
        }
        guard value.count > scheme.utf8CodeUnitCount, hasScheme(value) else {
            throw .unauthenticated("Send a token: Authorization: Bearer …")
        }
        return value.dropFirst(scheme.utf8CodeUnitCount).drop { $0 == UInt8(ascii: " ") }
    }

    /// Names of schemes come in any case (RFC 9110, section 11.1).
    private static func hasScheme(_ value: ArraySlice<UInt8>) -> Bool {
        value.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            return strncasecmp(
                start.assumingMemoryBound(to: CChar.self),
                UnsafeRawPointer(scheme.utf8Start).assumingMemoryBound(to: CChar.self), scheme.utf8CodeUnitCount) == 0
        }
    }
}
