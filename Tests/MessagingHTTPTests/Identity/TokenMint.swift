import Foundation
import JWTKit

@testable import MessagingHTTP

/// Makes tokens: as an issuer would, and as somebody would who has no key.
struct TokenMint: Sendable {
    let secret = Array("a shared secret of sixty-four bytes, so that it will do for HS512".utf8)
    let rsa: Insecure.RSA.PrivateKey
    let ec = ES256PrivateKey()
    let hs256: any JWTAlgorithm
    let hs512: any JWTAlgorithm
    let rs256: any JWTAlgorithm
    let rs512: any JWTAlgorithm
    let ps256: any JWTAlgorithm
    let es256: any JWTAlgorithm
    let strangerES256: any JWTAlgorithm
    let edDSA: any JWTAlgorithm

    /// The moment all tests take place at, in seconds since 1970.
    static let now: Int64 = 1_733_049_000

    init() async throws {
        rsa = try Insecure.RSA.PrivateKey(pem: Self.pem)
        hs256 = try await Self.hmac(secret, .sha256)
        hs512 = try await Self.hmac(secret, .sha512)
        rs256 = try await JWTKeyCollection().add(rsa: rsa, digestAlgorithm: .sha256).getKey()
        rs512 = try await JWTKeyCollection().add(rsa: rsa, digestAlgorithm: .sha512).getKey()
        ps256 = try await JWTKeyCollection().add(pss: rsa, digestAlgorithm: .sha256).getKey()
        es256 = try await JWTKeyCollection().add(ecdsa: ec).getKey()
        strangerES256 = try await JWTKeyCollection().add(ecdsa: ES256PrivateKey()).getKey()
        edDSA = try await JWTKeyCollection().add(eddsa: EdDSA.PrivateKey(curve: .ed25519)).getKey()
    }

    static func hmac(_ key: [UInt8], _ digest: DigestAlgorithm) async throws -> any JWTAlgorithm {
        try await JWTKeyCollection().add(hmac: HMACKey(from: key), digestAlgorithm: digest).getKey()
    }

    /// A token with this header and payload, signed by this key.
    static func token(_ header: String, _ payload: String, by key: any JWTAlgorithm) throws -> [UInt8] {
        try SignedToken.bytes(header: header.utf8, payload: payload.utf8, by: key)
    }

    /// A token with a signature that nobody made.
    static func token(_ header: String, _ payload: String, signature: [UInt8]) -> [UInt8] {
        Array("\(base64(header.utf8)).\(base64(payload.utf8)).\(base64(signature))".utf8)
    }

    /// The claims of alice for an hour from now, and further members.
    static func claims(_ more: String = "", sub: String = "\"alice\"", exp: String = "\(now + 3600)") -> String {
        "{\"sub\":\(sub),\"exp\":\(exp)\(more.isEmpty ? "" : ",")\(more)}"
    }

    static func base64(_ bytes: some Sequence<UInt8>) -> String {
        Data(Array(bytes)).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
    }

    /// The public half of the RSA key as a JWK.
    func rsaJWK(_ more: String) throws -> String {
        let primitives = try rsa.publicKey.getKeyPrimitives()
        return """
            {"kty":"RSA","n":"\(Self.base64(primitives.modulus))","e":"\(Self.base64(primitives.publicExponent))"\(more)}
            """
    }

    /// The public half of the EC key as a JWK.
    func ecJWK(_ more: String) -> String {
        let point = ec.publicKey.parameters
        let (x, y) = (Self.url(point?.x ?? ""), Self.url(point?.y ?? ""))
        return "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(x)\",\"y\":\"\(y)\"\(more)}"
    }

    static func jwks(_ keys: String...) -> [UInt8] { Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8) }

    private static func url(_ base64: String) -> String {
        base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Made for these tests; it opens nothing.
    private static let pem = """
        -----BEGIN PRIVATE KEY-----
        MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC5Ugz/awg1CquM
        tfck1MMgePu9S/Cq4/9mayGPn3F2xKsP0cNgjDoN9t2VN0AR/jgUX4eLPhchYHyw
        bL88uPsNgRsj5y7pBqK/grwOjjmBHCkNKRuw3JVw35wyKtDnpP1dgsxiujUqdvGY
        TArmZCBa267nSIr7lbsuhv6q3mtRegUwLyQ45HGCHzV8WfupQYfNsrw00nFziev/
        +8KA5b1NRqq8t8i3mwwMm/rUNkPfuZxcwWJHVHwj+US/90LjB6TZstAvYQ5ZWNmw
        hbkMsxukEgCaTyb9UVtELOMUa0+T8mgdDg/04ho4GXZCVyYDzpYHSXc6RjKw2+zK
        skrRFnhxAgMBAAECggEADNtKAs3HfNuLxXgpyEy46UevakVqkcZ9xVqVElhUyDEy
        b2dlay0rSWT5ICUcPStSc2phtkmlU+fUWq5+sW0hYKFWc04ScXDoCUp99rIL//6m
        w+6YSNOyy+j9dncFNW7bM3mzqX1C2zpzfhX3cx6a5obDWnEMUFIl0V9k61CBKD6l
        DkcNP9LNaT2u/VlGNMfMQegkXz6/qNPr5Ed1szhlHhPWTviHMGxSK2si1+HGWoI3
        1tq6ngeCEZTMqggG7s2qjMznNQMZLo46SsCmLepDp+GwS9eMjJNWIVqGBOnXYOAp
        Y/ULOD89Ayttmkp5cOrYRMp+P50TxY8DgPapFH6QSQKBgQD1SwNl+3fN/2URrbvB
        90Lk/x5lDe7uaOVO68lcVF/ZpIqk0m8mrhdc6ULMgpIZhUDkPmqXE1mw13m//2mI
        Z3YTS20NxXJ5LRG/JLNKGWTlLTKEmGFyo6XbrCVcIEtaezwM6JIUFCAlRMRHKC9n
        LiofuRYpokblP79NLpb7B8xqqQKBgQDBaOJujbaN/EVyo9ih1+NW+RiEFw2T1JQB
        U5rwQMYHx9iG8zXWyodxwGjP5MD81ec7/vkYkPt1Dgx1YhyK1i/PMrVUD04dfKiw
        kPaUDVfLdiu/Snc8n6oCQRBeBBoyo+sbSNeq3bn/AZhwjVEYhzwo5+nrtSjFW519
        OsJht8jEiQKBgQDgHbyqJjvNXIcUwv7k9y0Im8xCmptu+ypglHBzSqgU7BC9DYP+
        /FteScX9o2MnrCehIyIyjLyLJiUYdp4OwjEQ6f5m8bto2fP4B+lET7Vu63/XxH5s
        xvbYog20gdE3h5dTV/94FvdT9eO7/AxrorNcLrkAK0PJXBhGxcWu8O4lmQKBgQCJ
        MXUtJqkQHprEryTD6PgCgb+6MwAWlPxH1J5bPhc6/a/CSlMugYuCTRIMJiAfOTxF
        eqAHpRA6ADUmLupAMZ7IQxgNAK5QjFS8qpe+fZiBYtm1X4UlI7zczHpntlE/CreD
        KzCQq6d8FA2mCRg1Zfhuq9Nqt56sIEiexEeOOWfYwQKBgDtTqMj7KF2T7ijxLt/o
        wauJKgsfVSIuUR2VDfRCabNR/9QrIvN4Uq4uhg2Jw9dQf3hzJXexw4GzJni6O3QG
        NQIsYrEUTlaYB6xb019NkhyedXm5e0pXGqvU3Q3Ru/+tPlrYny8yY2u8kdeseiNo
        EJUjJJaJCv6olAcSykZi5pXA
        -----END PRIVATE KEY-----
        """
}
