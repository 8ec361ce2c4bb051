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

    @Test("A good signature saves no token with a number of more than 64 characters, wherever it stands")
    func longNumbers() async throws {
        let number = "1" + String(repeating: "0", count: 199) + "e-182"
        for value in [number, "-\(number)", "[\(number)]", "{\"x\":\(number)}", String(repeating: "1", count: 65)] {
            for claims in [
                TokenMint.claims("\"x\":\(value)"), TokenMint.claims(exp: value), TokenMint.claims(sub: value),
                TokenMint.claims("\"nbf\":\(value)"), TokenMint.claims("\"tenantId\":\(value)"),
            ] {
                let token = try TokenMint.token("{\"alg\":\"HS256\"}", claims, by: mint.hs256)
                #expect(await bench.outcome(token).isInvalidToken, "\(claims.prefix(60))")
            }
            for member in ["x", "kid", "typ"] {
                let header = "{\"alg\":\"HS256\",\"\(member)\":\(value)}"
                let token = try TokenMint.token(header, TokenMint.claims(), by: mint.hs256)
                #expect(await bench.outcome(token).isInvalidToken, "\(header.prefix(60))")
            }
        }
        let claims = TokenMint.claims("\"x\":\(String(repeating: "1", count: 64))")
        #expect(await bench.outcome(try TokenMint.token("{\"alg\":\"HS256\"}", claims, by: mint.hs256)).caller != nil)
    }

    @Test("A claim or a header member that comes twice is refused, however its name is written and wherever it stands")
    func duplicates() async throws {
        for more in [
            #""sub":"mallory""#, #""\u0073ub":"mallory""#, #""su\u0062":"alice""#, #""exp":4102444800"#,
            #""x":1,"x":1"#,
            #""x":{"y":1,"y":2}"#, #""x":[{"y":1,"\u0079":2}]"#, #""é":1,"e\u0301":2"#,
        ] {
            let token = try TokenMint.token("{\"alg\":\"HS256\"}", TokenMint.claims(more), by: mint.hs256)
            #expect(await bench.outcome(token).isInvalidToken, "\(more)")
        }
        for more in [
            #""alg":"HS256""#, #""alg":"none""#, #""\u0061lg":"HS256""#, #""kid":"a","kid":"b""#, #""x":{"y":1,"y":1}"#,
            #""crit":null,"cri\u0074":["exp"]"#,
        ] {
            let token = try TokenMint.token("{\"alg\":\"HS256\",\(more)}", TokenMint.claims(), by: mint.hs256)
            #expect(await bench.outcome(token).isInvalidToken, "\(more)")
        }
    }

    @Test("Of the texts that some decoder takes for the same token, one is taken; the signature is of the others too")
    func canonical() async throws {
        let parts = good.split(separator: 0x2E).map { text($0) }
        func isRefused(_ header: String, _ claims: String, _ signature: String? = nil) async throws -> Bool {
            let signed = "\(header).\(claims)"
            let own = TokenMint.base64(try mint.hs256.sign(Array(signed.utf8)))
            return await bench.outcome(Array("\(signed).\(signature ?? own)".utf8)).isInvalidToken
        }
        #expect(try await !isRefused(parts[0], parts[1]))
        // Two and four bits are left over at the end of these.
        let header = TokenMint.base64("{\"alg\":\"HS256\"} ".utf8)
        for (text, other) in [(header, "IC"), (TokenMint.base64("{\"alg\":\"HS256\"}".utf8), "9")] {
            #expect(try await !isRefused(text, parts[1]))
            for more in ["=", "==", "\n", " ", "\t", "A", other] {
                #expect(try await isRefused(text + more, parts[1]), "\(more.debugDescription)")
            }
        }
        let claims = TokenMint.base64(TokenMint.claims("\"x\":\"???>>>\"").utf8)
        #expect(try await !isRefused(parts[0], claims))
        #expect(try await isRefused(parts[0], claims.replacing("_", with: "/").replacing("-", with: "+")))
        #expect(claims.contains("_") || claims.contains("-"))
        // 32 bytes leave two bits over; the last character of each of four has the same bytes.
        let last = try #require(parts[2].last)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let place = try #require(alphabet.firstIndex(of: last))
        for bits in 1...3 {
            let forged = String(parts[2].dropLast()) + String(alphabet[place | bits])
            #expect(await bench.outcome(Array("\(parts[0]).\(parts[1]).\(forged)".utf8)).isInvalidToken)
        }
        for more in ["=", "==", "A"] {
            #expect(await bench.outcome(Array("\(parts.joined(separator: "."))\(more)".utf8)).isInvalidToken)
        }
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
