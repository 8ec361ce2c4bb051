import Testing

@testable import MessagingHTTP

/// What stands in `Authorization` where a token should.
struct HostileTokenFormTests {
    private let mint: TokenMint
    private let bench: TokenBench
    private let good: [UInt8]

    init() async throws {
        mint = try await TokenMint()
        bench = TokenBench(try await TokenKeys(secret: mint.secret))
        good = try TokenMint.token("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", TokenMint.claims(), by: mint.hs256)
    }

    @Test("A token cut short at any byte is refused, and one cut at the front too")
    func truncated() async {
        for count in 1..<good.count {
            #expect(await bench.outcome(Array(good.prefix(count))).isInvalidToken, "the first \(count)")
            #expect(await bench.outcome(Array(good.suffix(count))).isInvalidToken, "the last \(count)")
        }
        #expect(await bench.outcome(good).caller != nil)
    }

    @Test("A token with any byte changed is refused")
    func changed() async {
        for place in good.indices.dropLast() {
            for byte: UInt8 in [0x00, 0x2E, 0x41, 0xFF] where good[place] != byte {
                var token = good
                token[place] = byte
                #expect(await bench.outcome(token).isInvalidToken, "\(byte) at \(place)")
            }
        }
    }

    @Test("Tokens of any size are refused and cost no more than their size", arguments: [8 << 10, 100 << 10, 1 << 20])
    func huge(count: Int) async {
        let dots = [UInt8](repeating: 0x2E, count: count)
        let letters = [UInt8](repeating: 0x41, count: count)
        for token in [
            dots, letters, letters + dots.prefix(2), dots.prefix(1) + letters + dots.prefix(1), good + letters,
        ] {
            #expect(await bench.outcome(token).isInvalidToken)
        }
    }

    @Test(
        "Deep JSON in a header or a payload is refused, however deep",
        arguments: [10, 100, 101, 510, 511, 512, 513, 514, 5_000, 100_000])
    func deep(levels: Int) async throws {
        let (open, close) = (String(repeating: "[", count: levels), String(repeating: "]", count: levels))
        // What ends in the middle is what Foundation's parser stopped the program for.
        let tokens = [
            try TokenMint.token("{\"alg\":" + open, TokenMint.claims(), by: mint.hs256),
            try TokenMint.token("{\"alg\":\"HS256\"}", "{\"sub\":" + open, by: mint.hs256),
            try TokenMint.token("{\"alg\":\"HS256\",\"x\":\(open)\(close)}", "{}", by: mint.hs256),
            try TokenMint.token(open, TokenMint.claims(), by: mint.hs256),
            try TokenMint.token("{\"alg\":\"HS256\"}", open + close, by: mint.hs256),
            try TokenMint.token("{\"alg\":\"HS256\"}", "{\"sub\":\(open)\(close)}", by: mint.hs256),
            TokenMint.token("{\"alg\":\"HS256\"}", open, signature: []),
        ]
        for token in tokens { #expect(await bench.outcome(token).isInvalidToken) }
    }

    @Test("Bytes that are not UTF-8, in the token or encoded within it, are refused")
    func notUTF8() async {
        let strange: [[UInt8]] = [
            [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF8, 0x88], [0x80], [0xFE, 0xFF, 0x00, 0x7B],
        ]
        for bytes in strange {
            let encoded = Array(TokenMint.base64(bytes).utf8)
            let parts = good.split(separator: 0x2E).map { Array($0) }
            for place in 0..<3 {
                for other in [bytes, encoded] {
                    var forged = parts
                    forged[place] = other
                    #expect(await bench.outcome(Array(forged.joined(separator: [0x2E]))).isInvalidToken)
                }
            }
        }
    }

    @Test("Blanks, line breaks, padding and more parts than three are refused")
    func decorated() async {
        for (before, after) in [
            ("", " "), ("", "\n"), ("", "."), (".", ""), ("", ".e30"), ("\t", ""), ("\"", "\""), ("", "=="),
        ] {
            let token = Array(before.utf8) + good + Array(after.utf8)
            #expect(await bench.outcome(token).isInvalidToken, "\(before)…\(after)")
        }
    }

    @Test("The scheme is told by its name in any case, and one or more blanks follow it")
    func scheme() async {
        for scheme in ["Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer   "] {
            #expect(await bench.outcome(TokenBench.request(Array(scheme.utf8) + good)).caller != nil, "\(scheme)")
        }
        let others = [
            "", "Basic ", "Digest ", "Token ", "JWT ", "Bearer", "Bearer\t", "Bearer\0", "Bearer:", "Bearer, ",
            "Bearers ", " Bearer ",
        ]
        for scheme in others {
            guard case .failure(let problem) = await bench.outcome(TokenBench.request(Array(scheme.utf8) + good)) else {
                Issue.record("\(scheme) was believed")
                continue
            }
            #expect(problem.kind == .unauthenticated)
            // Without a bearer token the challenge says nothing of an error (RFC 6750, section 3.1).
            #expect(problem.fields.map(\.value) == ["Bearer realm=\"postbox\""], "\(scheme)")
        }
    }

    @Test("Two Authorization fields are a malformed request, even where both are good or one is empty")
    func twice() async {
        let value = Array("Bearer ".utf8) + good
        for values in [[value, value], [value, []], [[], value], [value, Array("Basic YTpi".utf8)]] {
            guard case .failure(let problem) = await bench.outcome(TokenBench.request(values[0], values[1])) else {
                Issue.record("was believed")
                continue
            }
            #expect(problem.kind == .malformedRequest)
            #expect(problem.fields.map(\.value) == ["Bearer realm=\"postbox\", error=\"invalid_request\""])
        }
    }

    @Test("Without Authorization there is a challenge and no error code")
    func absent() async {
        guard case .failure(let problem) = await bench.outcome(TokenBench.request()) else {
            Issue.record("was believed")
            return
        }
        #expect(problem.fields.map(\.value) == ["Bearer realm=\"postbox\""])
    }

    @Test("No problem says anything of the token or its claims")
    func silence() async throws {
        let payload = TokenMint.claims("\"aud\":\"secret-audience\"", sub: "\"secret-user\"", exp: "1")
        let token = try TokenMint.token("{\"alg\":\"HS256\"}", payload, by: mint.hs256)
        guard case .failure(let problem) = await bench.outcome(token) else {
            Issue.record("was believed")
            return
        }
        let words = problem.detail + problem.fields.map(\.value).joined()
        #expect(!words.contains("secret"))
        #expect(!words.contains("ey"))
    }
}
