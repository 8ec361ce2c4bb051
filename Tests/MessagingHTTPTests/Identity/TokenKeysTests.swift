import Testing

@testable import MessagingHTTP

/// Which JWK Sets can be used, and what each key in them is good for.
struct TokenKeysTests {
    private let mint: TokenMint

    init() async throws {
        mint = try await TokenMint()
    }

    @Test("What is not a JWK Set is refused, with a reason")
    func malformed() async throws {
        let number = "1" + String(repeating: "0", count: 199) + "e-182"
        let sets = [
            "", "{}", "[]", "null", "{\"keys\":{}}", "{\"keys\":[1]}", "{\"keys\":null}",
            "{\"keys\":" + String(repeating: "[", count: 100_000), try mint.rsaJWK(""),
            "{\"keys\":[],\"x\":\(number)}", "{\"keys\":[{\"kty\":\"RSA\",\"x\":\(number)}]}",
            "{\"keys\":[],\"keys\":[]}",
            "{\"keys\":[\(try mint.rsaJWK(",\"alg\":\"RS256\",\"al\\u0067\":\"RS512\""))]}",
        ]
        for set in sets {
            await #expect(throws: TokenKeys.KeyError.self, "\(set.prefix(80))") {
                try await TokenKeys(jwks: Array(set.utf8))
            }
        }
    }

    @Test("A JWK Set without a usable key is one with which no token is good")
    func unusable() async throws {
        let sets = [
            "{\"keys\":[]}", "{\"keys\":[{}]}",
            "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", "{\"keys\":[{\"kty\":\"RSA\"}]}",
            "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"!\",\"e\":\"AQAB\"}]}",
            "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
            "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}",
            "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"secp256k1\"}]}",
            "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AA\"}]}",
            "{\"keys\":[\(try mint.rsaJWK(",\"alg\":\"ES256\""))]}",
            "{\"keys\":[\(mint.ecJWK(",\"alg\":\"RS256\""))]}",
        ]
        for set in sets {
            let keys = try await TokenKeys(jwks: Array(set.utf8))
            #expect(keys.isEmpty, "\(set.prefix(80))")
            for key in [mint.rs256, mint.es256, mint.hs256] {
                let token = try TokenMint.token("{\"alg\":\"\(key.name)\"}", TokenMint.claims(), by: key)
                #expect(await TokenBench(keys).outcome(token).isInvalidToken)
            }
        }
    }

    @Test("A key without alg is for one algorithm: RS256, or that of its curve")
    func withoutAlgorithm() async throws {
        let bench = TokenBench(try await TokenKeys(jwks: TokenMint.jwks(mint.rsaJWK(""), mint.ecJWK(""))))
        for (key, isGood) in [(mint.rs256, true), (mint.es256, true), (mint.rs512, false), (mint.ps256, false)] {
            let token = try TokenMint.token("{\"alg\":\"\(key.name)\"}", TokenMint.claims(), by: key)
            #expect((await bench.outcome(token).caller != nil) == isGood, "\(key.name)")
        }
    }

    @Test("A key with alg is for that one alone")
    func withAlgorithm() async throws {
        let bench = TokenBench(try await TokenKeys(jwks: TokenMint.jwks(mint.rsaJWK(",\"alg\":\"PS256\""))))
        for (key, isGood) in [(mint.ps256, true), (mint.rs256, false), (mint.rs512, false)] {
            let token = try TokenMint.token("{\"alg\":\"\(key.name)\"}", TokenMint.claims(), by: key)
            #expect((await bench.outcome(token).caller != nil) == isGood, "\(key.name)")
        }
    }

    @Test(
        "Keys that are not for signatures, or of kinds unknown here, are passed over: identity providers publish them too"
    )
    func passedOver() async throws {
        let set = TokenMint.jwks(
            try mint.rsaJWK(",\"kid\":\"enc\",\"use\":\"enc\",\"alg\":\"RSA-OAEP\""),
            "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
            "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\",\"alg\":\"ES256K\"}",
            "{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\",\"pub\":\"AA\"}",
            mint.ecJWK(",\"kid\":\"sig\",\"use\":\"sig\",\"alg\":\"ES256\""))
        let bench = TokenBench(try await TokenKeys(jwks: set))
        let good = try TokenMint.token("{\"alg\":\"ES256\",\"kid\":\"sig\"}", TokenMint.claims(), by: mint.es256)
        #expect(await bench.outcome(good).caller != nil)
        for kid in ["enc", "sig"] {
            let token = try TokenMint.token(
                "{\"alg\":\"RS256\",\"kid\":\"\(kid)\"}", TokenMint.claims(), by: mint.rs256)
            #expect(await bench.outcome(token).isInvalidToken)
        }
    }

    @Test("A key that is for encryption verifies nothing, even where it names no algorithm")
    func encryption() async throws {
        let set = TokenMint.jwks(try mint.rsaJWK(",\"use\":\"enc\""), mint.ecJWK(""))
        let bench = TokenBench(try await TokenKeys(jwks: set))
        let token = try TokenMint.token("{\"alg\":\"RS256\"}", TokenMint.claims(), by: mint.rs256)
        #expect(await bench.outcome(token).isInvalidToken)
        #expect(try await TokenKeys(jwks: TokenMint.jwks(mint.rsaJWK(",\"use\":\"enc\""))).isEmpty)
    }
}
