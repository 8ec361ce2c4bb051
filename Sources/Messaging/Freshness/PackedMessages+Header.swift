extension PackedMessages {
    /// What is known of a message besides its texts.
    struct Header {
        var n: Int64
        var sentAt: Int64
        /// Where its texts end, from the first text on.
        var end: UInt32
        /// The place of the message that has the sender's id, and in the highest bit whether the content is plain.
        private var authorAndPlain: UInt16
        /// One more than the length of the client message id; 0 where there is none.
        var key: UInt16

        static let size = MemoryLayout<Header>.stride
        private static let plain: UInt16 = 1 << 15

        init(n: Int64, sentAt: Int64, end: Int, author: Int, isPlain: Bool, key: Int) {
            precondition(author < Self.plain, "too many messages for one pack")
            self.n = n
            self.sentAt = sentAt
            self.end = UInt32(end)
            authorAndPlain = UInt16(author) | (isPlain ? Self.plain : 0)
            self.key = UInt16(key)
        }

        var author: Int { Int(authorAndPlain & ~Self.plain) }
        var isPlain: Bool { authorAndPlain & Self.plain != 0 }
    }
}
