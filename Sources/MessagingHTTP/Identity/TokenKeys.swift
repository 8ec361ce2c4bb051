import FoundationEssentials
import JWTKit

/// The keys that tokens are verified with, by jwt-kit.
///
/// A key has the algorithms that it may be used for; the token's header only chooses among them. jwt-kit itself would use a default
/// key for an unknown `kid`, and would trust the header where a key names no algorithm. So jwt-kit only checks one signature with one
/// key and one algorithm, and the choice is made here.
public struct TokenKeys: Sendable {
    private struct Key {
        let id: String?
        let name: String
        let algorithm: any JWTAlgorithm
    }

    /// The result of checking a signature with the keys.
    enum Verdict: Equatable {
        case good
        /// No key is for the algorithm and key id that the token names, so nothing was computed.
        case noKey
        /// It was computed, and is another.
        case forged
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

    private var keys: [Key] = []

    /// Whether there are none, so that no token is good.
    public var isEmpty: Bool { keys.isEmpty }

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
            keys.append(Key(id: nil, name: name, algorithm: try await collection.getKey()))
        }
    }

    /// Takes a JWK Set (RFC 7517): RSA, EC and Ed25519 keys.
    ///
    /// Others, those that are not for signatures, and those that cannot be used are passed over (section 5): identity providers
    /// publish them side by side, and one bad key must not keep the good ones out. A set that has no other is no error: no token is
    /// good with it.
    ///
    /// - Throws: ``KeyError`` where it is not a JWK Set.
    public init(jwks: [UInt8]) async throws {
        let set: KeySet
        guard JSONPrevalidator(jwks) == .fit else { throw KeyError(description: "not a JWK Set") }
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
                keys.append(Key(id: id, name: algorithm, algorithm: try await collection.getKey()))
            } catch {
                continue
            }
        }
    }

    /// Checks whether one of the keys made the signature of a token.
    func verdict(on token: UnverifiedToken) -> Verdict {
        var verdict = Verdict.noKey
        for key in keys
        where key.name == token.algorithm && (token.keyID == nil || key.id == nil || key.id == token.keyID) {
            if (try? key.algorithm.verify(token.signature, signs: token.signed)) == true { return .good }
            verdict = .forged
        }
        return verdict
    }

    /// Signs a token with a shared secret, by HS256 (RFC 7515, section 7.1).
    ///
    /// - Parameter payload: its claims as JSON.
    /// - Throws: ``KeyError`` where the keys are public, which cannot sign.
    func sign(_ payload: some Sequence<UInt8>) throws -> [UInt8] {
        guard let key = keys.first(where: { $0.name == "HS256" }) else {
            throw KeyError(description: "public keys cannot sign")
        }
        return try SignedToken.bytes(header: #"{"alg":"HS256","typ":"JWT"}"#.utf8, payload: payload, by: key.algorithm)
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
}

/// The compact form of a signed token (RFC 7515, section 7.1).
enum SignedToken {
    /// A token with this header and payload, signed by this key.
    static func bytes(
        header: some Sequence<UInt8>, payload: some Sequence<UInt8>, by key: any JWTAlgorithm
    ) throws -> [UInt8] {
        let dot = UInt8(ascii: ".")
        let signed = Base64URL.encode(header) + [dot] + Base64URL.encode(payload)
        return signed + [dot] + Base64URL.encode(try key.sign(signed))
    }
}
