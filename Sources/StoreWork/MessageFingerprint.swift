import Messaging

/// What makes two messages without a key of their own the same to an import: sender, time and the bytes of the content.
///
/// It holds a digest of 128 bits under the process's secret key (SipHash), not the content: an import compares with all messages of a
/// conversation.
package struct MessageFingerprint: Hashable, Sendable {
    private let milliseconds: Int64
    private let first: Int
    private let second: Int

    /// Creates the fingerprint of a message.
    package init(sender: UserID, milliseconds: Int64, content: String) {
        self.milliseconds = milliseconds
        first = Self.digest(sender, content, salt: 1)
        second = Self.digest(sender, content, salt: 2)
    }

    private static func digest(_ sender: UserID, _ content: String, salt: Int) -> Int {
        var hasher = Hasher()
        hasher.combine(salt)
        hasher.combine(sender)
        var content = content
        content.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        return hasher.finalize()
    }
}
