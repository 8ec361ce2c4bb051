import FoundationEssentials
import JWTKit

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
