import Compression
import Messaging

/// The JSON of an entry of a viewer's list without its messages: it stays the same until the entry changes.
struct EntryText: Sendable {
    private let bytes: [UInt8]
    /// Where the last message belongs.
    private let split: Int
    /// The whole entry with so many of its messages, compressed apart from all others.
    var compressed: (embedded: Int, part: GzipPart)?

    init(_ summary: ConversationSummary, for viewer: UserID) {
        let title = ConversationTitle(people: summary.people, of: summary.participantCount, viewer: viewer)
        var json = JSONWriter(capacity: 256 + 96 * summary.people.count)
        json.raw("{\"id\":")
        json.string(summary.conversation.id.text)
        json.raw(",\"name\":")
        json.string(title.name)
        json.raw(",\"company\":")
        json.string(title.company)
        json.raw(",\"initials\":")
        json.string(title.initials)
        split = json.count
        json.raw(",\"unread\":")
        json.number(summary.unread)
        json.raw(",\"participants\":[")
        for (place, person) in summary.people.enumerated() {
            if place > 0 { json.raw(",") }
            json.person(person)
        }
        json.raw("],\"participantCount\":")
        json.number(Int64(summary.participantCount))
        bytes = json.bytes
    }

    /// The bytes that it takes, about.
    var cost: Int { 32 + bytes.capacity + (compressed?.part.cost ?? 0) }

    /// The JSON before the last message, and after it.
    var parts: (ArraySlice<UInt8>, ArraySlice<UInt8>) { (bytes[..<split], bytes[split...]) }

    /// The same, without unused memory.
    var compact: EntryText {
        bytes.capacity > bytes.count + 32 ? EntryText(Array(bytes[...]), split, compressed) : self
    }

    private init(_ bytes: [UInt8], _ split: Int, _ compressed: (embedded: Int, part: GzipPart)?) {
        (self.bytes, self.split, self.compressed) = (bytes, split, compressed)
    }
}

extension JSONWriter {
    /// Appends an entry of a viewer's list; `embedded` is how many of its newest messages it shows.
    mutating func conversation(_ summary: ConversationSummary, for viewer: UserID, embedded: Int) {
        conversation(summary, EntryText(summary, for: viewer), for: viewer, embedded: embedded)
    }

    /// Appends an entry of a viewer's list, of which everything but the messages is written already.
    mutating func conversation(
        _ summary: ConversationSummary, _ text: EntryText, for viewer: UserID, embedded: Int
    ) {
        let (start, end) = text.parts
        raw(start)
        raw(",\"lastMessage\":")
        if summary.newest.isEmpty {
            raw("\"\",\"lastMessageTime\":")
            timestamp(summary.openedAt)
        }
        summary.newest.suffix(1).visit { last in
            string(last.content)
            raw(",\"lastMessageTime\":")
            timestamp(last.sentAt)
        }
        raw(end)
        raw(",\"messages\":")
        messages(summary.newest.suffix(embedded), in: summary.conversation, for: viewer, summary.marks)
        raw("}")
    }

    fileprivate mutating func person(_ person: Person) {
        raw("{\"id\":")
        string(person.id.text)
        raw(",\"name\":")
        string(person.displayName)
        raw(",\"company\":")
        string(person.company ?? "")
        raw("}")
    }
}
