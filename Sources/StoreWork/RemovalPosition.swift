/// Where a removal goes on: at a conversation of those it is about, behind one of its messages.
package struct RemovalPosition: Sendable, Equatable {
    /// The index of the conversation.
    package var place: Int
    /// The number of the last message that was looked at.
    package var n: Int64
    /// Whether the messages from the beginning of the conversation are done, and those behind newer ones are looked at.
    package var isBehind: Bool

    /// A position; by default the beginning of the first conversation.
    package init(place: Int = 0, n: Int64 = 0, isBehind: Bool = false) {
        self.place = place
        self.n = n
        self.isBehind = isBehind
    }

    /// Goes on to the next conversation.
    package mutating func finishConversation() {
        self = RemovalPosition(place: place + 1)
    }
}
