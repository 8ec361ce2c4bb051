import Messaging
import Synchronization

/// Believes who brings a bearer token (RFC 6750) that is signed with one of the operator's keys.
///
/// A token is verified once and remembered, so that an idle poll costs a look-up. It is forgotten when it expires, and when the
/// keys change.
public final class JWTIdentity: Identity {
    /// What is remembered of a bearer; of many at a time, so no more than is needed.
    private struct Remembered {
        let caller: Caller
        let expires: Timestamp
    }

    private struct Memory {
        var keys: TokenKeys
        var generation = 0
        var bearers: LeastRecentlyUsed<TokenDigest, Remembered>
    }

    private let rules: TokenRules
    private let now: @Sendable () -> Timestamp
    private let introduce: Introduction
    private let memory: Mutex<Memory>
    private let capacity: Int

    /// The field with the token.
    public var vary: String { "Authorization" }

    /// No browser adds a token by itself.
    public var exposure: Exposure { .nothing }

    /// - Parameters:
    ///   - capacity: how many verified tokens to remember.
    ///   - now: the clock; any thread may call it.
    ///   - introduce: stores how somebody is called.
    public init(
        keys: TokenKeys, rules: TokenRules, capacity: Int, now: @escaping @Sendable () -> Timestamp,
        introduce: @escaping Introduction
    ) {
        self.rules = rules
        self.now = now
        self.introduce = introduce
        self.capacity = capacity
        memory = Mutex(Memory(keys: keys, bearers: LeastRecentlyUsed(capacity: capacity)))
    }

    /// Takes other keys from now on; what was verified with the old ones is forgotten. Any thread may call it.
    public func replaceKeys(_ keys: TokenKeys) {
        memory.withLock { memory in
            memory.keys = keys
            memory.generation += 1
            memory.bearers = LeastRecentlyUsed(capacity: capacity)
        }
    }

    /// The bearer of a token that was verified before and has not expired.
    public func rememberedCaller(of request: Request, _ query: Query?) throws(Problem) -> Caller? {
        guard let digest = TokenDigest(try BearerToken.of(request)),
            let bearer = memory.withLock({ $0.bearers.value(for: digest) })
        else { return nil }
        // An expired one takes the long way, which says why it counts no more.
        return now().milliseconds < bearer.expires.milliseconds ? bearer.caller : nil
    }

    /// The bearer of a token that is good.
    public func caller(of request: Request, _ query: Query) async throws(Problem) -> Caller {
        let token = Array(try BearerToken.of(request))
        let (keys, generation) = memory.withLock { ($0.keys, $0.generation) }
        guard let claims = await keys.claims(of: token) else {
            throw .unauthenticated(
                "The token is malformed, or not signed with a key that counts here.", error: "invalid_token")
        }
        let bearer = try rules.bearer(of: claims, at: now())
        let isNamed = bearer.person.name != nil || bearer.person.company != nil
        let isKnown = isNamed ? await introduce(bearer.person, bearer.caller.tenant) : true
        guard isKnown, let digest = TokenDigest(token[...]) else { return bearer.caller }
        return memory.withLock { memory in
            guard memory.generation == generation else { return bearer.caller }
            // Where two requests brought it at once, all tables get to know the same caller.
            if let known = memory.bearers.value(for: digest), known.caller == bearer.caller { return known.caller }
            memory.bearers.set(digest, to: Remembered(caller: bearer.caller, expires: bearer.expires))
            return bearer.caller
        }
    }
}
