/// The newest messages of one conversation in memory: consecutive numbers, so that it is certain what they leave out.
public struct RecentMessages: Sendable, Equatable {
    /// How many messages are kept at least, where there are that many.
    public static let usualCount = 50

    private var messages: [Message]

    /// Takes messages in the order of their numbers, without gaps.
    public init(_ messages: [Message]) {
        self.messages = messages
    }

    /// Takes note of a new message; where one before it is missing, nothing that was kept is of use any more.
    mutating func append(_ message: Message) {
        guard message.n == (messages.last?.n ?? 0) + 1 else {
            messages = [message]
            return
        }
        messages.append(message)
        // Not one at a time: that would move all of them for every message.
        if messages.count >= 2 * Self.usualCount { messages.removeFirst(messages.count - Self.usualCount) }
    }

    /// The first `limit` messages of these slices, ordered by number; nil where one of them may lie outside of what is kept.
    func messages(in slices: [MessageSlice], limit: Int) -> [Message]? {
        guard let first = messages.first?.n, let last = messages.last?.n else { return nil }
        guard slices.allSatisfy({ first <= $0.numbers.lowerBound && $0.numbers.upperBound <= last }) else { return nil }
        guard let start = slices.map(\.numbers.lowerBound).min() else { return [] }
        var found: [Message] = []
        for message in messages[Int(start - first)...] where slices.contains(where: { $0.contains(message) }) {
            if found.count == limit { break }
            found.append(message)
        }
        return found
    }
}
