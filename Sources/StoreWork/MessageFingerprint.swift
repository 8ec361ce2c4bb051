import Messaging

/// What makes two messages without a key of their own the same to an import: sender, time and the bytes of the content.
package struct MessageFingerprint: Hashable {
    private let sender: UserID
    private let milliseconds: Int64
    private let content: String

    /// Creates the fingerprint of a message.
    package init(sender: UserID, milliseconds: Int64, content: String) {
        self.sender = sender
        self.milliseconds = milliseconds
        self.content = content
    }

    package static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.milliseconds == rhs.milliseconds && lhs.sender == rhs.sender
            && lhs.content.hasSameBytes(as: rhs.content)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(milliseconds)
        hasher.combine(sender)
        var content = content
        content.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
