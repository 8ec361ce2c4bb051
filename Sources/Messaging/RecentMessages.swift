/// The newest messages of one conversation in memory: consecutive numbers, so that it is certain what they leave out.
public struct RecentMessages: Sendable, Equatable {
    /// How many messages are kept at least, where there are that many.
    public static let usualCount = 50

    private var messages: [Message]
    /// The bytes it takes, about.
    private(set) var cost: Int

    /// Takes messages in the order of their numbers, without gaps.
    public init(_ messages: some Sequence<Message>) {
        self.messages = Array(messages)
        cost = self.messages.reduce(Self.costOfNone) { $0 + Self.cost(of: $1) }
    }

    /// Takes note of a new message; where one before it is missing, nothing that was kept is of use any more.
    mutating func append(_ message: Message) {
        guard message.n == (messages.last?.n ?? 0) + 1 else {
            self = RecentMessages([message])
            return
        }
        messages.append(message)
        cost += Self.cost(of: message)
        // Not one at a time: that would move all of them for every message.
        if messages.count >= 2 * Self.usualCount { self = RecentMessages(messages.suffix(Self.usualCount)) }
    }

    /// Whether these newest messages are newer than what is kept, or as new and go further back.
    func isExtended(by newest: [Message]) -> Bool {
        guard let last = newest.last?.n else { return false }
        let known = messages.last?.n ?? 0
        return last > known || (last == known && newest.count > messages.count)
    }

    /// The bytes of its place in a table.
    private static let costOfNone = 160

    private static func cost(of message: Message) -> Int {
        MemoryLayout<Message>.stride + 32 + message.content.utf8.count + (message.clientMessageID?.utf8.count ?? 0)
    }

    /// The first `limit` messages of these slices, ordered by number; nil where one of them may lie outside of what is kept.
    func messages(in slices: [MessageSlice], limit: Int) -> [Message]? {
        guard let first = messages.first?.n, let last = messages.last?.n else { return nil }
        guard slices.allSatisfy({ first <= $0.numbers.lowerBound && $0.numbers.upperBound <= last }) else { return nil }
        guard let start = slices.map(\.numbers.lowerBound).min() else { return [] }
        if slices.count == 1, slices[0].authorship == .anybody {
            let count = min(slices[0].numbers.count, limit)
            return Array(messages[Int(start - first)..<Int(start - first) + count])
        }
        var found: [Message] = []
        for message in messages[Int(start - first)...] where slices.contains(where: { $0.contains(message) }) {
            if found.count == limit { break }
            found.append(message)
        }
        return found
    }
}
