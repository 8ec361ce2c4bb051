import Messaging

/// What makes two messages without a key of their own the same to an import: sender, time and the bytes of the content.
struct MessageFingerprint: Hashable {
    let sender: UserID
    let milliseconds: Int64
    let content: String

    static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.milliseconds == rhs.milliseconds && lhs.sender == rhs.sender
            && lhs.content.hasSameBytes(as: rhs.content)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(milliseconds)
        hasher.combine(sender)
        var content = content
        content.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
