import Testing

@testable import MessagingHTTP

/// What the claims of a token with a good signature must say.
struct TokenClaimTests {
    private let mint: TokenMint
    private let keys: TokenKeys
    private static let now = TokenMint.now

    init() async throws {
        mint = try await TokenMint()
        keys = try await TokenKeys(secret: mint.secret)
    }

    private func token(_ payload: String) throws -> [UInt8] {
        try TokenMint.token("{\"alg\":\"HS256\"}", payload, by: mint.hs256)
    }

    @Test("exp and its leeway: good until the last millisecond of it, and no longer")
    func expiry() async throws {
        let token = try token(TokenMint.claims(exp: "\(Self.now)"))
        for (milliseconds, isGood) in [(-1, true), (0, true), (29_999, true), (30_000, false), (30_001, false)] {
            let bench = TokenBench(keys)
            bench.pass(milliseconds: Int64(milliseconds))
            #expect(await bench.outcome(token).caller != nil ? isGood : !isGood, "\(milliseconds) ms after exp")
        }
    }

    @Test("Without an exp that is a number in the future, a token is refused")
    func strangeExpiry() async throws {
        let bench = TokenBench(keys)
        for exp in [
            "null", "\"\(Self.now + 3600)\"", "\"tomorrow\"", "true", "[\(Self.now + 3600)]", "{}", "[]", "\"NaN\"",
            "\"Infinity\"", "-1", "0", "-1e308", "\(Self.now - 31)", "-9223372036854775808", "-18446744073709551617",
            "1e-400",
        ] {
            #expect(await bench.outcome(try token(TokenMint.claims(exp: exp))).isInvalidToken, "exp \(exp)")
        }
        for exp in ["NaN", "Infinity", "-", "+1", "01", "0x7fffffff", "1e400", ""] {
            #expect(await bench.outcome(try token(TokenMint.claims(exp: exp))).isInvalidToken, "exp \(exp)")
        }
        #expect(await bench.outcome(try token("{\"sub\":\"alice\"}")).isInvalidToken)
        for exp in ["\(Self.now + 1).5", "9223372036854775807", "18446744073709551616", "1e300", "1.7e9"] {
            let outcome = await bench.outcome(try token(TokenMint.claims(exp: exp)))
            #expect((outcome.caller != nil) == (exp != "1.7e9"), "exp \(exp)")
        }
    }

    @Test("nbf is honoured with the leeway of exp, and one that is no number is refused")
    func notBefore() async throws {
        let bench = TokenBench(keys)
        for (nbf, isGood) in [
            ("\(Self.now)", true), ("\(Self.now + 30)", true), ("\(Self.now + 31)", false), ("\(Self.now).25", true),
            ("-1e300", true), ("1e300", false), ("\"\(Self.now)\"", false), ("null", false), ("[]", false),
        ] {
            let outcome = await bench.outcome(try token(TokenMint.claims("\"nbf\":\(nbf)")))
            #expect((outcome.caller != nil) == isGood, "nbf \(nbf)")
        }
    }

    @Test("Only the set issuer is believed, and only tokens for the set audience")
    func issuerAndAudience() async throws {
        let strict = TokenBench(keys) { rules in
            rules.issuer = "https://id.example"
            rules.audience = "postbox"
        }
        let (issuer, audience) = ("\"iss\":\"https://id.example\"", "\"aud\":\"postbox\"")
        for more in [
            "\(issuer),\(audience)", "\(issuer),\"aud\":[\"postbox\"]", "\(issuer),\"aud\":[\"other\",\"postbox\"]",
        ] {
            #expect(await strict.outcome(try token(TokenMint.claims(more))).caller != nil, "\(more)")
        }
        for more in [
            "", issuer, audience, "\(issuer),\"aud\":\"other\"", "\(issuer),\"aud\":[\"other\"]",
            "\(issuer),\"aud\":[]",
            "\(issuer),\"aud\":null", "\(issuer),\"aud\":\"postbox2\"", "\(issuer),\"aud\":\"Postbox\"",
            "\(issuer),\"aud\":\"postbox other\"", "\(issuer),\"aud\":[\"postbox\",1]",
            "\(issuer),\"aud\":{\"postbox\":1}",
            "\(issuer),\"aud\":\"post\\u0000box\"", "\"iss\":\"https://id.example/\",\(audience)",
            "\"iss\":null,\(audience)",
            "\"iss\":[\"https://id.example\"],\(audience)", "\"iss\":\"https://ID.example\",\(audience)",
        ] {
            #expect(await strict.outcome(try token(TokenMint.claims(more))).isInvalidToken, "\(more)")
        }
        #expect(await TokenBench(keys).outcome(try token(TokenMint.claims("\"aud\":[1],\"iss\":2"))).caller != nil)
    }

    @Test("A user claim is text, or a whole number that is exact")
    func user() async throws {
        let bench = TokenBench(keys)
        for (sub, user) in [
            ("\"alice\"", "alice"), ("42", "42"), ("0", "0"), ("-7", "-7"), ("9007199254740993", "9007199254740993"),
            ("9223372036854775807", "9223372036854775807"), ("\"\\u00e9\"", "é"),
            ("\"'; DROP TABLE users;--\"", "'; DROP TABLE users;--"),
            ("\"../../etc\"", "../../etc"),
            ("\"\(String(repeating: "x", count: 255))\"", String(repeating: "x", count: 255)),
        ] {
            #expect(await bench.outcome(try token(TokenMint.claims(sub: sub))).caller?.user.text == user, "sub \(sub)")
        }
        for sub in [
            "null", "\"\"", "true", "[]", "[\"alice\"]", "{}", "1.5", "9223372036854775808", "1e30", "\"a\\u0000b\"",
            "\"a\\nb\"", "\"a\\u0085b\"", "\"\\ud800\"", "\"\(String(repeating: "x", count: 256))\"",
        ] {
            #expect(await bench.outcome(try token(TokenMint.claims(sub: sub))).isInvalidToken, "sub \(sub)")
        }
        #expect(await bench.outcome(try token("{\"exp\":\(Self.now + 60)}")).isInvalidToken)
    }

    @Test("A tenant claim of an odd type never falls into the unnamed tenant")
    func tenant() async throws {
        let bench = TokenBench(keys)
        for (claim, tenant) in [
            ("\"acme\"", "acme"), ("7", "7"), ("0", "0"), ("null", ""), ("\"\"", ""),
            ("9007199254740993", "9007199254740993"),
        ] {
            let outcome = await bench.outcome(try token(TokenMint.claims("\"tenantId\":\(claim)")))
            #expect(outcome.caller?.tenant.text == tenant, "tenantId \(claim)")
        }
        #expect(await bench.outcome(try token(TokenMint.claims("\"tenant\":\"acme\""))).caller?.tenant.text == "")
        for claim in [
            "true", "false", "{}", "{\"id\":\"acme\"}", "[]", "[\"acme\"]", "[1]", "[null]", "[[]]", "1.5", "1e30",
            "-1e300",
            "\"a\\u0000\"", "\"\\n\"", "\"\(String(repeating: "t", count: 256))\"",
        ] {
            let outcome = await bench.outcome(try token(TokenMint.claims("\"tenantId\":\(claim)")))
            #expect(outcome.isInvalidToken, "tenantId \(claim)")
        }
    }

    @Test("Claims can be called otherwise, and then the usual names mean nothing")
    func names() async throws {
        let bench = TokenBench(keys) { rules in
            rules.userClaim = "uid"
            rules.tenantClaim = "org"
            rules.nameClaims = ["display"]
            rules.companyClaim = "employer"
        }
        let more =
            "\"uid\":\"bob\",\"org\":\"acme\",\"tenantId\":\"other\",\"display\":\"Bob\",\"employer\":\"Acme\",\"name\":\"X\""
        let caller = await bench.outcome(try token(TokenMint.claims(more))).caller
        #expect(caller?.user.text == "bob")
        #expect(caller?.tenant.text == "acme")
        #expect(bench.updated.map(\.name) == ["Bob"])
        #expect(bench.updated.map(\.company) == ["Acme"])
        #expect(await bench.outcome(try token(TokenMint.claims())).isInvalidToken)
    }

    @Test("A name of an odd type is no name, and does not keep anybody out")
    func oddNames() async throws {
        let bench = TokenBench(keys)
        for name in ["null", "true", "[]", "{}", "1.5", "42", "[\"Al\"]"] {
            #expect(await bench.outcome(try token(TokenMint.claims("\"name\":\(name)"))).caller != nil, "name \(name)")
        }
        #expect(bench.updated.isEmpty)
    }

    @Test(
        "Of several claims for the name the first counts that is text in which there is something to see",
        arguments: [
            (#""name":"Al","email":"al@x.example""#, "Al"), (#""email":"al@x.example""#, "al@x.example"),
            (#""email":"al@x.example","preferred_username":"al""#, "al@x.example"),
            (#""preferred_username":"al""#, "al"),
            (#""name":"","email":"al@x.example""#, "al@x.example"), (#""name":" \u200b","email":"al""#, "al"),
            (#""name":null,"email":42,"preferred_username":"al""#, "al"),
            (#""name":["Al"],"email":{},"preferred_username":"al""#, "al"),
            (#""name":true,"email":"\u3164","preferred_username":"al""#, "al"), (#""nickname":"Al""#, nil),
            (#""name":"""#, ""),
            (#""name":"\u2800","email":7"#, ""),
        ])
    func severalNames(claims: String, name: String?) async throws {
        let bench = TokenBench(keys) { $0.nameClaims = ["name", "email", "preferred_username"] }
        #expect(await bench.outcome(try token(TokenMint.claims(claims))).caller != nil)
        #expect(bench.updated.map(\.name) == (name.map { [$0] } ?? []))
    }
}
