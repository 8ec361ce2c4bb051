import JWTKit
import Testing

@testable import MessagingHTTP

/// Tokens by somebody who wants in without a key.
struct HostileTokenTests {
    private let mint: TokenMint
    private static let good = TokenMint.claims()

    init() async throws {
        mint = try await TokenMint()
    }

    @Test("The key decides the algorithm: none at all, another, and a public key as the secret of an HMAC are refused")
    func confusion() async throws {
        let bench = TokenBench(
            try await TokenKeys(jwks: TokenMint.jwks(mint.rsaJWK(",\"kid\":\"r\",\"alg\":\"RS256\""))))
        let pem = Array(mint.rsa.publicKey.pemRepresentation.utf8)
        let jwk = Array(try mint.rsaJWK(",\"kid\":\"r\",\"alg\":\"RS256\"").utf8)
        let der = Array(mint.rsa.publicKey.derRepresentation)
        for secret in [pem, pem + [0x0A], jwk, der, Array(try mint.rsa.publicKey.getKeyPrimitives().modulus)] {
            for algorithm in ["HS256", "RS256"] {
                let key = try await TokenMint.hmac(secret, .sha256)
                let header = "{\"alg\":\"\(algorithm)\",\"typ\":\"JWT\",\"kid\":\"r\"}"
                #expect(await bench.outcome(try TokenMint.token(header, Self.good, by: key)).isInvalidToken)
            }
        }
        for name in ["none", "None", "NONE", "nOnE", "", "HS256", "RS512", "PS256", "ES256", "EdDSA"] {
            let header = "{\"alg\":\"\(name)\",\"kid\":\"r\"}"
            #expect(await bench.outcome(TokenMint.token(header, Self.good, signature: [])).isInvalidToken, "\(name)")
            #expect(
                await bench.outcome(try TokenMint.token(header, Self.good, by: mint.rs256)).isInvalidToken, "\(name)")
        }
        for key in [mint.rs512, mint.ps256, mint.es256, mint.edDSA, mint.hs256] {
            let own = "{\"alg\":\"\(key.name)\",\"kid\":\"r\"}"
            #expect(await bench.outcome(try TokenMint.token(own, Self.good, by: key)).isInvalidToken, "\(key.name)")
            let claimed = "{\"alg\":\"RS256\",\"kid\":\"r\"}"
            #expect(await bench.outcome(try TokenMint.token(claimed, Self.good, by: key)).isInvalidToken, "\(key.name)")
        }
        #expect(
            await bench.outcome(try TokenMint.token("{\"alg\":\"RS256\",\"kid\":\"r\"}", Self.good, by: mint.rs256))
                .caller?.user.text == "alice")
    }

    @Test("A shared secret knows HS256, HS384 and HS512 and nothing else")
    func secret() async throws {
        let bench = TokenBench(try await TokenKeys(secret: mint.secret))
        for (name, digest) in [("HS256", DigestAlgorithm.sha256), ("HS384", .sha384), ("HS512", .sha512)] {
            let key = try await TokenMint.hmac(mint.secret, digest)
            #expect(await bench.outcome(try TokenMint.token("{\"alg\":\"\(name)\"}", Self.good, by: key)).caller != nil)
        }
        for header in [
            "{\"alg\":\"none\"}", "{\"alg\":\"HS512\"}", "{\"alg\":\"RS256\"}", "{}", "{\"alg\":null}", "[]",
        ] {
            #expect(
                await bench.outcome(try TokenMint.token(header, Self.good, by: mint.hs256)).isInvalidToken, "\(header)")
        }
        // The first is what HMAC makes of an empty secret.
        for stranger in [[UInt8](repeating: 0, count: 64), Array("another secret of more than 32 bytes!".utf8)] {
            let key = try await TokenMint.hmac(stranger, .sha256)
            #expect(await bench.outcome(try TokenMint.token("{\"alg\":\"HS256\"}", Self.good, by: key)).isInvalidToken)
        }
    }

    @Test("A secret is good for the algorithms it is long enough for", arguments: [31, 32, 47, 48, 63, 64])
    func shortSecret(count: Int) async throws {
        let secret = Array(mint.secret.prefix(count))
        guard count >= 32 else {
            await #expect(throws: TokenKeys.KeyError.self) { try await TokenKeys(secret: secret) }
            return
        }
        let bench = TokenBench(try await TokenKeys(secret: secret))
        for (name, digest, shortest) in [
            ("HS256", DigestAlgorithm.sha256, 32), ("HS384", .sha384, 48), ("HS512", .sha512, 64),
        ] {
            // To HMAC a secret and the same with zeros behind it are one.
            let key = try await TokenMint.hmac(secret + [UInt8](repeating: 0, count: 64 - count), digest)
            let token = try TokenMint.token("{\"alg\":\"\(name)\"}", Self.good, by: key)
            #expect((await bench.outcome(token).caller != nil) == (count >= shortest), "\(name)")
        }
    }

    @Test("A kid must be that of the key, and without a kid every key is tried")
    func kid() async throws {
        let set = TokenMint.jwks(
            try mint.rsaJWK(",\"kid\":\"r\",\"alg\":\"RS256\""), mint.ecJWK(",\"kid\":\"e\",\"alg\":\"ES256\""))
        let bench = TokenBench(try await TokenKeys(jwks: set))
        func token(_ algorithm: any JWTAlgorithm, _ more: String) throws -> [UInt8] {
            try TokenMint.token("{\"alg\":\"\(algorithm.name)\"\(more)}", Self.good, by: algorithm)
        }
        for more in [",\"kid\":\"r\"", "", ",\"kid\":null"] {
            #expect(await bench.outcome(try token(mint.rs256, more)).caller != nil, "\(more)")
        }
        #expect(await bench.outcome(try token(mint.es256, ",\"kid\":\"e\"")).caller != nil)
        #expect(await bench.outcome(try token(mint.es256, "")).caller != nil)
        for more in [
            ",\"kid\":\"e\"", ",\"kid\":\"x\"", ",\"kid\":\"\"", ",\"kid\":1", ",\"kid\":[\"r\"]", ",\"kid\":\"../r\"",
        ] {
            #expect(await bench.outcome(try token(mint.rs256, more)).isInvalidToken, "\(more)")
        }
        // A good signature of a key that is not in the set.
        for more in [",\"kid\":\"e\"", ",\"kid\":\"new\"", ""] {
            #expect(await bench.outcome(try token(mint.strangerES256, more)).isInvalidToken, "\(more)")
        }
    }

    @Test("A key that the token brings along, and extensions that must be understood, are refused")
    func header() async throws {
        let bench = TokenBench(try await TokenKeys(jwks: TokenMint.jwks(mint.ecJWK(",\"kid\":\"e\""))))
        #expect(
            await bench.outcome(try TokenMint.token("{\"alg\":\"ES256\"}", Self.good, by: mint.es256)).caller != nil)
        let stranger = ES256PrivateKey()
        let key = try await JWTKeyCollection().add(ecdsa: stranger).getKey()
        let jwk = "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(stranger.publicKey.parameters?.x ?? "")\"}"
        for more in ["\"jwk\":\(jwk)", "\"jku\":\"https://evil.example/keys\"", "\"x5u\":\"https://evil.example/c\""] {
            let header = "{\"alg\":\"ES256\",\"kid\":\"e\",\(more)}"
            #expect(await bench.outcome(try TokenMint.token(header, Self.good, by: key)).isInvalidToken, "\(more)")
        }
        for crit in ["[\"exp\"]", "[\"b64\"]", "[]", "\"exp\"", "{}"] {
            let header = "{\"alg\":\"ES256\",\"b64\":false,\"crit\":\(crit)}"
            #expect(
                await bench.outcome(try TokenMint.token(header, Self.good, by: mint.es256)).isInvalidToken, "\(crit)")
        }
    }

    @Test("A signature with any bit changed, or of another form, is none")
    func signature() async throws {
        let bench = TokenBench(try await TokenKeys(jwks: TokenMint.jwks(mint.ecJWK(""))))
        for count in [0, 1, 32, 63, 64, 65, 70, 72, 512] {
            for byte in [UInt8(0), 0xFF] {
                let signature = [UInt8](repeating: byte, count: count)
                let token = TokenMint.token("{\"alg\":\"ES256\"}", Self.good, signature: signature)
                #expect(await bench.outcome(token).isInvalidToken)
            }
        }
    }
}
