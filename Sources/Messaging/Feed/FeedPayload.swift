/// The changes of one transaction in the bytes of a row of the feed.
///
/// The bytes begin with the number of the form, so that an earlier version of the program recognizes those of a later one. Then come
/// the conversations, each once, and the changes, which name them by their places. Numbers have 1 to 10 bytes of 7 bits, the least
/// first (LEB128); texts are UTF-8 after their length.
public struct FeedPayload: Sendable, Equatable {
    /// The changes: first all messages and then all read markers, in the order in which the store numbers them; or else one change.
    public let changes: [FeedChange]

    /// The most bytes of one content; a larger one is left out.
    public static let largestContent = 4 << 10
    /// The most participants of one conversation; where there are more, they are left out.
    public static let mostParticipants = 50
    /// The most bytes of all contents and participants together; what is beyond is left out.
    public static let largestExtras = 192 << 10
    /// The most bytes of a payload. A batch of 1023 writes fits; whatever does not is written as ``FeedChange/everything``.
    public static let largestSize = 1 << 20

    /// The number of the form that this version writes.
    static let form: UInt8 = 1

    /// Takes the changes of a transaction.
    public init(_ changes: [FeedChange]) {
        self.changes = changes
    }

    /// The bytes, at most ``largestSize``.
    public var bytes: [UInt8] {
        var writer = FeedPayloadWriter()
        for change in changes { writer.append(change) }
        let bytes = writer.bytes
        return bytes.count <= Self.largestSize ? bytes : Self.everything
    }

    private static var everything: [UInt8] {
        var writer = FeedPayloadWriter()
        writer.append(.everything)
        return writer.bytes
    }

    /// Reads the bytes of a row; nil where this version cannot: memory must forget everything then.
    public init?(bytes: [UInt8]) {
        var reader = FeedPayloadReader(bytes)
        guard let changes = reader.changes() else { return nil }
        self.changes = changes
    }
}

/// The numbers of the kinds of changes in a payload.
enum FeedChangeKind: UInt8 {
    case message = 0
    case mark = 1
    case opened = 2
    case renamed = 3
    case everything = 4
    case removed = 5
}

/// Writes a payload.
struct FeedPayloadWriter {
    private var conversations = FeedBytes()
    private var places: [ConversationKey: Int] = [:]
    private var changes = FeedBytes()
    private var count = 0
    private var extras = 0

    var bytes: [UInt8] {
        var all = FeedBytes()
        all.append(byte: FeedPayload.form)
        all.append(UInt64(places.count))
        all.append(conversations)
        all.append(UInt64(count))
        all.append(changes)
        return all.bytes
    }

    mutating func append(_ change: FeedChange) {
        count += 1
        switch change {
        case .message(let conversation, let message):
            append(.message, in: conversation)
            append(message)
        case .mark(let conversation, let reader):
            append(.mark, in: conversation)
            changes.append(reader.text)
        case .opened(let conversation):
            append(.opened, in: conversation)
        case .renamed(let tenant):
            changes.append(byte: FeedChangeKind.renamed.rawValue)
            changes.append(tenant.text)
        case .removed(let tenant):
            changes.append(byte: FeedChangeKind.removed.rawValue)
            changes.append(tenant.text)
        case .everything:
            changes.append(byte: FeedChangeKind.everything.rawValue)
        }
    }

    private mutating func append(_ kind: FeedChangeKind, in conversation: FeedConversation) {
        changes.append(byte: kind.rawValue)
        changes.append(UInt64(place(of: conversation)))
    }

    private mutating func place(of conversation: FeedConversation) -> Int {
        let name = ConversationKey(tenant: conversation.tenant, id: conversation.id)
        if let known = places[name] { return known }
        let place = places.count
        places[name] = place
        conversations.append(conversation.tenant.text)
        conversations.append(UInt64(bitPattern: conversation.key))
        conversations.append(conversation.id.text)
        if let users = conversation.participants, users.count <= FeedPayload.mostParticipants,
            takeExtras(users.reduce(0) { $0 + $1.text.utf8.count + 2 })
        {
            conversations.append(UInt64(users.count + 1))
            for user in users { conversations.append(user.text) }
        } else {
            conversations.append(0)
        }
        return place
    }

    private mutating func append(_ message: FeedMessage) {
        changes.append(message.sender.text)
        changes.append(UInt64(bitPattern: message.sentAt.milliseconds))
        guard let content = message.content, content.utf8.count <= FeedPayload.largestContent,
            takeExtras(content.utf8.count + (message.clientMessageID?.utf8.count ?? 0) + 4)
        else {
            changes.append(byte: 0)
            return
        }
        changes.append(byte: message.clientMessageID == nil ? 1 : 2)
        changes.append(content)
        if let key = message.clientMessageID { changes.append(key) }
    }

    private mutating func takeExtras(_ size: Int) -> Bool {
        guard extras + size <= FeedPayload.largestExtras else { return false }
        extras += size
        return true
    }
}

/// Bytes that numbers and texts are appended to.
struct FeedBytes {
    private(set) var bytes: [UInt8] = []

    mutating func append(byte: UInt8) {
        bytes.append(byte)
    }

    mutating func append(_ number: UInt64) {
        var rest = number
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ other: FeedBytes) {
        bytes.append(contentsOf: other.bytes)
    }
}
