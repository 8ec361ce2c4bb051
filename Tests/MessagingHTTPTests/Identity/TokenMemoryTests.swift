import Testing

@testable import MessagingHTTP

/// How long a verified token is remembered.
struct TokenMemoryTests {
    private let mint: TokenMint
    private let keys: TokenKeys
    private static let now = TokenMint.now

    init() async throws {
        mint = try await TokenMint()
        keys = try await TokenKeys(secret: mint.secret)
    }

    private func token(sub: String = "\"alice\"", exp: Int64 = now + 60, _ more: String = "\"name\":\"Al\"") throws
        -> [UInt8]
    {
        try TokenMint.token("{\"alg\":\"HS256\"}", TokenMint.claims(more, sub: sub, exp: "\(exp)"), by: mint.hs256)
    }

    @Test("A token is verified once; after that memory answers, with no signature and no introduction")
    func once() async throws {
        let (bench, token) = (TokenBench(keys), try token())
        #expect(!bench.remembers(token))
        for _ in 0..<100 { #expect(await bench.outcome(token).caller?.user.text == "alice") }
        #expect(bench.remembers(token))
        #expect(bench.updated.count == 1)
    }

    @Test("A remembered token stops working with the millisecond in which exp and leeway are over")
    func expires() async throws {
        let (bench, token) = (TokenBench(keys), try token())
        #expect(await bench.outcome(token).caller != nil)
        bench.pass(milliseconds: 89_999)
        #expect(bench.remembers(token))
        bench.pass(milliseconds: 1)
        #expect(!bench.remembers(token))
        #expect(await bench.outcome(token).isInvalidToken)
        #expect(bench.updated.count == 1)
    }

    @Test("Other keys forget all tokens: those of the old ones stop working, those of the new ones begin to")
    func replaced() async throws {
        let (bench, old) = (TokenBench(keys), try token())
        #expect(await bench.outcome(old).caller != nil)
        let secret = Array("another secret of more than 32 bytes!".utf8)
        let key = try await TokenMint.hmac(secret, .sha256)
        let new = try TokenMint.token("{\"alg\":\"HS256\"}", TokenMint.claims(), by: key)
        #expect(await bench.outcome(new).isInvalidToken)
        bench.identity.replaceKeys(try await TokenKeys(secret: secret))
        #expect(!bench.remembers(old))
        #expect(await bench.outcome(old).isInvalidToken)
        #expect(await bench.outcome(new).caller != nil)
    }

    @Test("An empty JWK Set revokes every key, and one without a key revokes that one: what was remembered, too")
    func revoked() async throws {
        let both = TokenMint.jwks(
            try mint.rsaJWK(",\"kid\":\"r\",\"alg\":\"RS256\""), mint.ecJWK(",\"kid\":\"e\",\"alg\":\"ES256\""))
        let bench = TokenBench(try await TokenKeys(jwks: both))
        let rsa = try TokenMint.token("{\"alg\":\"RS256\",\"kid\":\"r\"}", TokenMint.claims(), by: mint.rs256)
        let ec = try TokenMint.token("{\"alg\":\"ES256\",\"kid\":\"e\"}", TokenMint.claims(), by: mint.es256)
        for token in [rsa, ec] {
            #expect(await bench.outcome(token).caller != nil)
            #expect(bench.remembers(token))
        }
        bench.identity.replaceKeys(
            try await TokenKeys(jwks: TokenMint.jwks(mint.ecJWK(",\"kid\":\"e\",\"alg\":\"ES256\""))))
        #expect(await bench.outcome(rsa).isInvalidToken)
        #expect(await bench.outcome(ec).caller != nil)
        bench.identity.replaceKeys(try await TokenKeys(jwks: TokenMint.jwks()))
        for token in [rsa, ec] {
            #expect(!bench.remembers(token))
            #expect(await bench.outcome(token).isInvalidToken)
        }
    }

    @Test("A token that was being verified while the keys changed is not remembered by the old ones")
    func replacedMeanwhile() async throws {
        let other = try await TokenKeys(secret: Array("another secret of more than 32 bytes!".utf8))
        let token = try token()
        let place = Place()
        let identity = JWTIdentity(
            keys: keys, rules: TokenRules(), hashKey: TokenHashKey { .random(in: .min ... .max) }, capacity: 10,
            now: { .init(milliseconds: Self.now * 1000) },
            profileUpdates: ProfileUpdates(capacity: 10, ticks: { 0 }) { _, _ in
                place.identity?.replaceKeys(other)
                return true
            })
        place.identity = identity
        try await identity.caller(of: TokenBench.bearer(token), Query([])).updateProfile?()
        #expect(try identity.rememberedCaller(of: TokenBench.bearer(token), Query([])) == nil)
    }

    /// Written before anything reads it.
    private final class Place: @unchecked Sendable {
        var identity: JWTIdentity?
    }

    @Test("Where the name could not be stored, the caller goes on, and the next request tries again")
    func notStored() async throws {
        let (bench, token) = (TokenBench(keys), try token())
        bench.setDisk(working: false)
        for _ in 0..<2 { #expect(await bench.outcome(token).caller != nil) }
        #expect(!bench.remembers(token))
        bench.setDisk(working: true)
        #expect(await bench.outcome(token).caller != nil)
        #expect(bench.remembers(token))
        #expect(bench.updated.count == 3)
    }

    @Test(
        "A name that comes less than a minute after another one is taken later, without the token being verified anew")
    func early() async throws {
        let bench = TokenBench(keys)
        let tokens = try ["Al", "Alice", "Alice A."].map { try token("\"name\":\"\($0)\"") }
        for token in tokens { #expect(await bench.outcome(token).caller != nil) }
        #expect(bench.updated.map(\.name) == ["Al", "Alice"])
        #expect(tokens.map(bench.remembers) == [true, true, false])
        bench.pass(milliseconds: 59_000)
        bench.identity.replaceKeys(keys)
        #expect(await bench.outcome(tokens[2]).caller != nil)
        #expect(!bench.remembers(tokens[2]))
        bench.pass(milliseconds: 1000)
        #expect(await bench.outcome(tokens[2]).caller != nil)
        #expect(bench.remembers(tokens[2]))
        #expect(bench.updated.map(\.name) == ["Al", "Alice", "Alice A."])
    }

    @Test("Two sessions that refresh their tokens, each with a name of its own, do not take turns")
    func turns() async throws {
        let bench = TokenBench(keys)
        for hour in 0..<50 {
            let exp = Self.now + Int64(hour) * 1800 + 3600
            let name = hour.isMultiple(of: 2) ? "Al" : "Alice"
            #expect(await bench.outcome(try token(exp: exp, "\"name\":\"\(name)\"")).caller != nil)
            bench.pass(milliseconds: 1_800_000)
        }
        #expect(bench.updated.map(\.name) == ["Al", "Alice"])
    }

    @Test("Only so many tokens are remembered, the ones used last, and all go on working")
    func bounded() async throws {
        let bench = TokenBench(keys, capacity: 3)
        let tokens = try (0..<10).map { try token(sub: "\($0)") }
        for token in tokens { #expect(await bench.outcome(token).caller != nil) }
        #expect(tokens.map(bench.remembers) == [false, false, false, false, false, false, false, true, true, true])
        for (place, token) in tokens.enumerated() {
            #expect(await bench.outcome(token).caller?.user.text == "\(place)")
        }
    }

    @Test("A token that differs in its last byte only is another token")
    func twins() async throws {
        let (bench, token) = (TokenBench(keys), try token())
        #expect(await bench.outcome(token).caller != nil)
        let end = token.suffix(20)
        #expect(!bench.remembers(Array(end)))
        #expect(!bench.remembers([0x41] + token))
        #expect(!bench.remembers(token + [0x41]))
    }

    @Test("A token with one character changed, left out or added anywhere is another token")
    func tampered() async throws {
        let (bench, token) = (TokenBench(keys), try token())
        #expect(await bench.outcome(token).caller != nil)
        for place in token.indices {
            var (changed, shorter, longer) = (token, token, token)
            changed[place] ^= 1
            shorter.remove(at: place)
            // Next to its like it would be in the same place as before.
            longer.insert(token[place] ^ 1, at: place)
            for other in [changed, shorter, longer] { try #require(!bench.remembers(other)) }
        }
        #expect(bench.remembers(token))
    }

    @Test("A token that ends like a known one, and was made to have the same sum of its words, is another token")
    func sameChecksum() async throws {
        let (bench, token) = (TokenBench(keys), try token())
        #expect(await bench.outcome(token).caller != nil)
        // A sum without a secret, as it was once used here: what one word changes, the next can put right again.
        func step(_ state: UInt64, _ word: UInt64) -> UInt64 {
            ((state << 23 | state >> 41) ^ word) &* 0x9E37_79B9_7F4A_7C15
        }
        func word(_ bytes: [UInt8], _ place: Int) -> UInt64 {
            bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place * 8, as: UInt64.self) }
        }
        for place in 0..<(token.count - 32) / 8 - 1 {
            var state = UInt64(token.count)
            for earlier in 0..<place { state = step(state, word(token, earlier)) }
            let other = word(token, place) ^ 0x0101
            let (known, forged) = (step(state, word(token, place)), step(state, other))
            let next = word(token, place + 1) ^ (known << 23 | known >> 41) ^ (forged << 23 | forged >> 41)
            var bytes = token
            bytes.withUnsafeMutableBytes {
                $0.storeBytes(of: other, toByteOffset: place * 8, as: UInt64.self)
                $0.storeBytes(of: next, toByteOffset: place * 8 + 8, as: UInt64.self)
            }
            #expect(!bench.remembers(bytes))
        }
    }

    @Test("A token with the claims of one and the signature of another is refused")
    func halves() async throws {
        let (bench, alice, bob) = (TokenBench(keys), try token(), try token(sub: "\"bob\""))
        for token in [alice, bob] { #expect(await bench.outcome(token).caller != nil) }
        func halves(_ token: [UInt8]) throws -> (claims: ArraySlice<UInt8>, signature: ArraySlice<UInt8>) {
            let dot = try #require(token.lastIndex(of: UInt8(ascii: ".")))
            return (token[...dot], token[(dot + 1)...])
        }
        for token in try [
            Array(halves(alice).claims + halves(bob).signature), Array(halves(bob).claims + halves(alice).signature),
            Array(halves(alice).signature), Array(halves(alice).signature.suffix(32)),
        ] {
            #expect(!bench.remembers(token))
            #expect(await bench.outcome(token).isInvalidToken)
        }
    }

    @Test("A refused token is not remembered")
    func refused() async throws {
        let bench = TokenBench(keys)
        let token = try token(exp: Self.now - 31)
        #expect(await bench.outcome(token).isInvalidToken)
        #expect(!bench.remembers(token))
        #expect(bench.updated.isEmpty)
    }
}
