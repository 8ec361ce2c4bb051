import JWTKit
import Messaging
import Testing

@testable import MessagingHTTP

/// Pages that were left open send what they have for days; who logs in at the same address must not suffer for it.
struct StaleTokenTests {
    private let mint: TokenMint
    private let bench: TokenBench
    private let gate: Gate

    init() async throws {
        mint = try await TokenMint()
        bench = TokenBench(try await TokenKeys(secret: mint.secret))
        gate = Gate(identity: bench.identity, limits: ServiceLimits(), ticks: { 1_000_000_000_000 })
    }

    private func token(_ sub: String, exp: Int64 = TokenMint.now + 60, _ more: String = "") throws -> [UInt8] {
        try TokenMint.token(
            "{\"alg\":\"HS256\"}", TokenMint.claims(more, sub: "\"\(sub)\"", exp: "\(exp)"), by: mint.hs256)
    }

    /// The token with another signature.
    private func forged(_ token: [UInt8]) -> [UInt8] { token.dropLast(10) + Array("AAAAAAAAAA".utf8) }

    /// What becomes of a request with this token, in the service's order; nil where it is let through.
    private func refusal(_ token: [UInt8]) async -> Problem? {
        do throws(Problem) {
            let request = TokenBench.bearer(token)
            if case .unknown = try gate.begin(request, Query([]), known: nil) {
                _ = try await gate.admit(request, Query([]))
            }
            return nil
        } catch {
            return error
        }
    }

    @Test("However many expired tokens come from an address, each is told so, and every new one is let in")
    func expired() async throws {
        let old = try (0..<60).map { try token("tab-\($0)", exp: TokenMint.now - 3600) }
        for round in 0..<20 {
            for token in old {
                let problem = await refusal(token)
                #expect(problem?.kind == .unauthenticated)
                #expect(problem?.detail == "The token has expired.")
            }
            #expect(await refusal(try token("new-\(round)")) == nil)
        }
    }

    @Test("A token that was let in and expires is told so as often as it comes, and keeps nobody out")
    func expiresMeanwhile() async throws {
        let old = try (0..<60).map { try token("tab-\($0)", exp: TokenMint.now + 10) }
        for token in old { #expect(await refusal(token) == nil) }
        bench.pass(milliseconds: 60_000)
        for _ in 0..<10 {
            for token in old { #expect(await refusal(token)?.kind == .unauthenticated) }
        }
        #expect(await refusal(try token("new", exp: TokenMint.now + 600)) == nil)
    }

    @Test("A token that is not valid yet counts as little as an expired one")
    func early() async throws {
        let early = try token("early", "\"nbf\":\(TokenMint.now + 3600)")
        for _ in 0..<200 { #expect(await refusal(early)?.kind == .unauthenticated) }
        #expect(await refusal(try token("new")) == nil)
    }

    @Test("An expired token is refused whatever its signature is: none is computed for it")
    func unsigned() async throws {
        for number in 0..<200 {
            let token = forged(try token("tab-\(number)", exp: TokenMint.now - 3600))
            #expect(await refusal(token)?.detail == "The token has expired.")
        }
        #expect(await refusal(try token("new")) == nil)
    }

    @Test("Tokens for somebody else, of another key, or of no form keep out only their like")
    func useless() async throws {
        let others = [
            try token("", "\"x\":1"), Array("nonsense".utf8),
            try TokenMint.token("{\"alg\":\"RS256\"}", TokenMint.claims(), by: mint.rs256),
        ]
        for other in others {
            for _ in 0..<100 { #expect(await refusal(other) != nil) }
            #expect(await refusal(other)?.kind == .rateLimited)
            #expect(await refusal(try token("new")) == nil)
        }
    }

    @Test("A forged token counts the first time it comes, and costs a signature only then")
    func sameAgain() async throws {
        let bad = try (0..<59).map { forged(try token("tab-\($0)")) }
        for _ in 0..<20 {
            for token in bad { #expect(await refusal(token) != nil) }
        }
        #expect(await refusal(try token("new")) == nil)
        #expect(await refusal(forged(try token("60"))) != nil)
        #expect(await refusal(try token("newer"))?.kind == .rateLimited)
    }

    @Test("Forged tokens keep out nobody whose token was verified before, whatever becomes of their name")
    func verifiedBefore() async throws {
        // Of three names within a minute, the last is yet to be settled.
        let tokens = try ["Al", "Alice", "Alice A."].map { try token("alice", "\"name\":\"\($0)\"") }
        for token in tokens { #expect(await refusal(token) == nil) }
        for number in 0..<60 { #expect(await refusal(forged(try token("tab-\(number)"))) != nil) }
        #expect(await refusal(try token("new"))?.kind == .rateLimited)
        for token in tokens { #expect(await refusal(token) == nil) }
    }

    @Test("A forged token that comes again is refused from memory, until the keys change")
    func remembered() async throws {
        let key = try await TokenMint.hmac(Array("another secret of more than 32 bytes!".utf8), .sha256)
        let token = try TokenMint.token("{\"alg\":\"HS256\"}", TokenMint.claims(), by: key)
        #expect(try bench.identity.rememberedCaller(of: TokenBench.bearer(token), nil) == nil)
        #expect(await bench.outcome(token).isInvalidToken)
        #expect(throws: Problem.self) { try bench.identity.rememberedCaller(of: TokenBench.bearer(token), nil) }
        #expect(await bench.outcome(token).isInvalidToken)
        bench.identity.replaceKeys(try await TokenKeys(secret: Array("another secret of more than 32 bytes!".utf8)))
        #expect(await bench.outcome(token).caller != nil)
    }
}
