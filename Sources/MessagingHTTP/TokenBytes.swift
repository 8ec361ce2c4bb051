import Messaging

/// A token as a key of a table: compared whole, hashed by its end, where the signature is.
///
/// Signatures do not repeat, so the end tells tokens apart as well as the whole, which may have a kilobyte. Only verified tokens
/// are ever put into the table, so nobody can fill it with tokens that end alike.
struct TokenBytes: Hashable, Sendable {
    private let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    static func == (lhs: TokenBytes, rhs: TokenBytes) -> Bool { lhs.bytes.hasSameBytes(as: rhs.bytes) }

    func hash(into hasher: inout Hasher) {
        bytes.suffix(16).withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
