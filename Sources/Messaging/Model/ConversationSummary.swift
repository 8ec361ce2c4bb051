/// A conversation as one participant sees it: as an entry of their list, or by itself with all its participants.
public struct ConversationSummary: Sendable, Equatable {
    /// The most people that an entry shows. In a larger conversation these are the caller and the first others by user id: they are the same
    /// for as long as it exists, and found without reading everybody.
    public static let mostPeople = 20

    /// The conversation itself; of its participants, those that are shown.
    public let conversation: Conversation
    /// How many take part, whether shown or not.
    public let participantCount: Int
    /// The people who are shown, in the order of the conversation's participants; the caller is one of them.
    public let people: [Person]
    /// The marks as the caller sees them.
    public let marks: ReadMarks
    /// How many messages by others come after the caller's read marker.
    public let unread: Int64
    /// Its newest messages, oldest first: as many as asked for, and at least the last one where there is one.
    public let newest: PackedMessages
    /// When it was opened.
    public let openedAt: Timestamp
    /// The number of the change that was its latest message, or its opening.
    public let activity: Int64
    /// The number of the latest change that the caller sees.
    public let change: Int64

    /// Creates a conversation summary.
    public init(
        conversation: Conversation, participantCount: Int, people: [Person], marks: ReadMarks, unread: Int64,
        newest: PackedMessages, openedAt: Timestamp, activity: Int64, change: Int64
    ) {
        self.conversation = conversation
        self.participantCount = participantCount
        self.people = people
        self.marks = marks
        self.unread = unread
        self.newest = newest
        self.openedAt = openedAt
        self.activity = activity
        self.change = change
    }

    /// The same with these as its newest messages.
    public func showing(_ newest: PackedMessages) -> ConversationSummary {
        ConversationSummary(
            conversation: conversation, participantCount: participantCount, people: people, marks: marks,
            unread: unread, newest: newest, openedAt: openedAt, activity: activity, change: change)
    }

    /// A number of bytes that it has as JSON at least: the last message, the texts of as many messages as it shows, and, where there may be
    /// many, of people.
    public func leastSize(embedded: Int) -> Int {
        let texts = newest.suffix(1).contentSize + newest.suffix(embedded).textSize
        guard people.count > 2 else { return texts }
        return people.reduce(texts) { size, person in
            size + person.id.text.utf8.count + person.displayName.utf8.count + (person.company?.utf8.count ?? 0)
        }
    }
}
