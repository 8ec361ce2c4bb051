import HTTP
import Messaging
import TestSupport
import Testing

@testable import MessagingHTTP

/// `Authorization`, as far as it is read before a signature is.
struct TokenFuzzTests {
    @Test("Tokens of any form name nobody without a key")
    func tokens() async throws {
        let keys = try await TokenKeys(
            secret: Array("a shared secret of sixty-four bytes, so that it will do for HS512".utf8))
        let identity = JWTIdentity(
            keys: keys, rules: TokenRules(), hashKey: TokenHashKey { .random(in: .min ... .max) }, capacity: 10,
            now: { Timestamp(milliseconds: 0) },
            profileUpdates: ProfileUpdates(capacity: 10, ticks: { 0 }) { _, _ in true })
        let seeds = [
            "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6NDEwMjQ0NDgwMH0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "Bearer eyJhbGciOiJub25lIn0.e30.", "bearer a.b.c", "Basic YTpi", "Bearer ", "Bearer ...",
            "Bearer W1tbWw.W1tbWw.W1tbWw", "",
        ]
        try await Fuzz.run(6_000, seeds: seeds) { input in
            var fields = RequestFields()
            fields.append(.authorization, input)
            let request = Request(method: .get, target: [], fields: fields, peer: "192.0.2.1")
            do {
                let caller = try identity.rememberedCaller(of: request, Query([]))
                try Fuzz.check(caller == nil, "memory knows \(String(describing: caller))")
                let named = try await identity.caller(of: request, Query([]))
                try Fuzz.check(false, "believed to be \(named)")
            } catch let problem as Problem {
                try Fuzz.check(problem.kind == .unauthenticated, "an undocumented problem: \(problem)")
            }
        }
    }

    @Test("JSON of any form is claims or none, and a header or none")
    func json() async throws {
        let keys = try await TokenKeys(
            secret: Array("a shared secret of sixty-four bytes, so that it will do for HS512".utf8))
        let seeds = [
            "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", "{\"alg\":\"none\"}",
            "{\"alg\":\"HS256\",\"kid\":\"a\",\"crit\":[\"exp\"]}",
            "{\"sub\":\"a\",\"exp\":1e300,\"aud\":[\"a\",1],\"tenantId\":{},\"nbf\":-1}",
            String(repeating: "[", count: 513),
            String(repeating: "{\"a\":", count: 513), "\"\\ud800\"", "[1,2.5e-3,\"a\",null,true]",
        ]
        try await Fuzz.run(6_000, seeds: seeds) { input in
            let part = Self.base64(input)
            for token in ["\(part).e30.AA", "eyJhbGciOiJIUzI1NiJ9.\(part).AA", "\(part).\(part).\(part)"] {
                guard let parts = UnverifiedToken(Array(token.utf8)) else { continue }
                try Fuzz.check(keys.verdict(on: parts) != .good, "a good signature that nobody made: \(token)")
                _ = try? TokenRules().bearer(of: parts.claims, at: Timestamp(milliseconds: 0))
            }
        }
    }

    @Test("Numbers of all lengths and exponents are claims, or the token is none; none stops the program")
    func numbers() throws {
        var chance = Generator(seed: 20_241_201)
        func digits(_ most: Int) -> String {
            String((0...chance.below(most)).map { _ in chance.pick(Array("000123456789")) })
        }
        for _ in 0..<20_000 {
            var number =
                chance.pick(["", "-"]) + chance.pick(["0", "1", "9", "", "1"]) + digits(chance.pick([1, 18, 62, 230]))
            if chance.below(3) == 0 { number += "." + digits(chance.pick([1, 20, 62, 230])) }
            if chance.below(3) > 0 {
                number +=
                    chance.pick(["e", "E", "e-", "e+", "E-"]) + "\(chance.below(chance.pick([4, 25, 400, 100_000])))"
            }
            let claims = "{\"exp\":\(number),\"x\":[{\"y\":\(number)}]}"
            let parts = UnverifiedToken(Array("eyJhbGciOiJIUzI1NiJ9.\(Self.base64(Array(claims.utf8))).AAAA".utf8))
            try Fuzz.check(
                number.utf8.count <= 64 || parts == nil, "a number of \(number.utf8.count) characters: \(number)")
            if let parts { _ = try? TokenRules().bearer(of: parts.claims, at: Timestamp(milliseconds: 0)) }
        }
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0...group.count { text.append(alphabet[bits >> (18 - 6 * place) & 63]) }
        }
        return text
    }
}
