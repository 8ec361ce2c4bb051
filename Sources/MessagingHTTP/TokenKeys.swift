import FoundationEssentials
import JWTKit

/// The keys that tokens are verified with, by jwt-kit.
///
/// A key comes with the algorithms it may be used for; what the token's header says only chooses among them. jwt-kit itself would
/// take a default key for an unknown `kid`, and the header's word for a key that names no algorithm, so each key and
/// algorithm has a collection of its own, and the choice is made here.
public struct TokenKeys: Sendable {
    private struct Key {
        let id: String?
        let algorithm: String
        let collection: JWTKeyCollection
    }

    private struct KeySet: Decodable {
        let keys: [Entry]
    }

    /// A member of a JWK Set, as far as it is of use here.
    private struct Entry: Decodable {
        let key: JWK?

        private enum Member: String, CodingKey {
            case use
            case operations = "key_ops"
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Member.self)
            let isForSignatures = try members.decodeIfPresent(String.self, forKey: .use) ?? "sig" == "sig"
            let operations = try members.decodeIfPresent([String].self, forKey: .operations) ?? ["verify"]
            let key = try? JWK(from: decoder)
            let isOfUse = isForSignatures && operations.contains("verify") && key?.algorithm != .rsaOAEP
            self.key = isOfUse ? key : nil
        }
    }

    private struct Header: Decodable {
        let alg: String
        let kid: String?
        let crit: [String]?
    }

    private var keys: [Key] = []

    /// The reasons why keys cannot be used, for people.
    public struct KeyError: Error, CustomStringConvertible {
        /// What is wrong with them.
        public let description: String
    }

    /// The fewest bytes of a secret (RFC 7518, section 3.2, for HS256).
    public static let shortestSecret = 32

    /// Takes a shared secret, good for HS256, and for HS384 and HS512 where it is as long as their hashes.
    ///
    /// A shorter key must not be used (RFC 7518, section 3.2); jwt-kit stops the program over one in a debug build.
    ///
    /// - Throws: ``KeyError``.
    public init(secret: [UInt8]) async throws {
        guard secret.count >= Self.shortestSecret else {
            throw KeyError(
                description: "a secret needs at least \(Self.shortestSecret) bytes, this has \(secret.count)")
        }
        let algorithms = [("HS256", DigestAlgorithm.sha256, 32), ("HS384", .sha384, 48), ("HS512", .sha512, 64)]
        for (name, algorithm, shortest) in algorithms where secret.count >= shortest {
            let collection = JWTKeyCollection()
            await collection.add(hmac: HMACKey(from: secret), digestAlgorithm: algorithm)
            keys.append(Key(id: nil, algorithm: name, collection: collection))
        }
    }

    /// Takes a JWK Set (RFC 7517): RSA, EC and Ed25519 keys.
    ///
    /// Others, those that are not for signatures, and those that cannot be used are passed over (section 5): identity providers
    /// publish them side by side, and one bad key must not keep the good ones out.
    ///
    /// - Throws: ``KeyError``.
    public init(jwks: [UInt8]) async throws {
        let set: KeySet
        guard JSONScreen(jwks) == .fit else { throw KeyError(description: "not a JWK Set") }
        do {
            set = try JSONDecoder().decode(KeySet.self, from: Data(jwks))
        } catch {
            throw KeyError(description: "not a JWK Set")
        }
        for entry in set.keys {
            guard var jwk = entry.key else { continue }
            let id = jwk.keyIdentifier?.string
            jwk.algorithm = jwk.algorithm ?? Self.usualAlgorithm(of: jwk)
            jwk.keyIdentifier = JWKIdentifier(string: id ?? "")
            guard let algorithm = jwk.algorithm?.rawValue else { continue }
            let collection = JWTKeyCollection()
            do {
                try await collection.add(jwk: jwk, isDefault: true)
                _ = try await collection.getKey()
            } catch {
                continue
            }
            keys.append(Key(id: id, algorithm: algorithm, collection: collection))
        }
        guard !keys.isEmpty else { throw KeyError(description: "the JWK Set has no RSA, EC or OKP key for signatures") }
    }

    /// The claims of a token with a good signature; nil for any other token.
    func claims(of token: [UInt8]) async -> TokenClaims? {
        guard let header = Self.header(of: token) else { return nil }
        for key in keys
        where key.algorithm == header.alg && (header.kid == nil || key.id == nil || key.id == header.kid) {
            if let claims = try? await key.collection.verify(token, as: TokenClaims.self) { return claims }
        }
        return nil
    }

    /// What a key without `alg` is for: the curve decides, and RSA keys without it are RS256 keys in practice.
    private static func usualAlgorithm(of jwk: JWK) -> JWK.Algorithm? {
        switch (jwk.keyType, jwk.curve?.rawValue) {
        case (.rsa, _): .rs256
        case (.ecdsa, "P-256"): .es256
        case (.ecdsa, "P-384"): .es384
        case (.ecdsa, "P-521"): .es512
        case (.octetKeyPair, _): .eddsa
        default: nil
        }
    }

    /// Extensions that must be understood (`crit`) are not, so such a token is refused (RFC 7515, section 4.1.11).
    private static func header(of token: [UInt8]) -> Header? {
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let json = decoded(parts[0]), let claims = decoded(parts[1]), decoded(parts[2]) != nil,
            JSONScreen(json) == .fit, JSONScreen(claims) == .fit,
            let header = try? JSONDecoder().decode(Header.self, from: json), header.crit == nil
        else { return nil }
        return header
    }

    /// Decodes base64url without padding (RFC 7515, section 2), and nothing that only resembles it.
    private static func decoded(_ encoded: ArraySlice<UInt8>) -> Data? {
        var base64: [UInt8] = []
        base64.reserveCapacity(encoded.count + 3)
        for byte in encoded {
            switch byte {
            case UInt8(ascii: "-"): base64.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): base64.append(UInt8(ascii: "/"))
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: base64.append(byte)
            }
        }
        base64 += Array(repeating: UInt8(ascii: "="), count: (4 - base64.count % 4) % 4)
        return Data(base64Encoded: Data(base64))
    }
}
