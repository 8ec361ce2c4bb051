/// The state of a caller's list that an idle poll needs.
public struct ListFreshness: Equatable, Sendable {
    /// The end of the newest page of a list.
    public struct PageEnd: Equatable, Sendable {
        /// The `before` position of older entries; nil where there are none.
        public let olderBefore: Int64?
        // One for each of a hundred thousand people: they fit beside what tells whether there is an older page.
        private let shortLimit: Int16
        private let shortMessages: UInt8

        /// - Parameters:
        ///   - limit: how many entries the page may have; at most 32,767, many times what a client can ask for.
        ///   - messages: how many messages it embeds in each, at most 255: how large they are decides how many entries fit.
        public init(limit: Int, messages: Int, olderBefore: Int64?) {
            shortLimit = Int16(limit)
            shortMessages = UInt8(messages)
            self.olderBefore = olderBefore
        }

        /// Whether it is the end of a page that was asked for with these parameters.
        public func isOf(limit: Int, messages: Int) -> Bool {
            shortLimit == Int16(limit) && shortMessages == UInt8(messages)
        }
    }

    /// The newest change number of the list; 0 where it is empty.
    public let change: Int64
    /// The end of the newest page as it was last given out, if it was since that change.
    public let pageEnd: PageEnd?

    /// The change number as it is in the caller's cursors; 0 where that was not asked for since that change. See
    /// ``ListCursors/image(of:)``.
    public let image: UInt64

    /// Creates list freshness.
    public init(change: Int64, pageEnd: PageEnd? = nil, image: UInt64 = 0) {
        self.change = change
        self.pageEnd = pageEnd
        self.image = image
    }
}
