/// A conversation without its messages: its state, participants and read markers.
public struct Conversation: Sendable, Equatable {
    /// A participant, and how far they have read.
    public struct Participant: Sendable, Equatable {
        /// The participant.
        public let user: UserID
        /// The read marker: the number of the last message read; 0 before the first.
        public var readUpTo: Int64

        /// Creates a participant.
        public init(user: UserID, readUpTo: Int64 = 0) {
            self.user = user
            self.readUpTo = readUpTo
        }
    }

    /// Its id within the tenant.
    public let id: ConversationID
    /// The store's own handle for it, meaningless elsewhere.
    public let key: Int64
    /// The number of its latest message; 0 before the first.
    public var lastN: Int64
    /// The number up to which messages were pruned; the first one there is comes after it.
    public var prunedUpTo: Int64
    /// How often messages that clients may have lost their content. A delta does not tell of that, so cursors carry this number.
    public var revision: Int64
    /// The number of the latest change that every participant sees: a message, a changed name, a removal, or the opening.
    public var change: Int64
    /// All participants, each once, ordered by user id.
    public var participants: Participants

    /// Creates a conversation.
    public init(
        id: ConversationID, key: Int64, lastN: Int64, prunedUpTo: Int64 = 0, revision: Int64 = 0, change: Int64 = 0,
        participants: [Participant]
    ) {
        self.id = id
        self.key = key
        self.lastN = lastN
        self.prunedUpTo = prunedUpTo
        self.revision = revision
        self.change = change
        self.participants = Participants(participants)
    }

    /// The marks as this user sees them; nil for a user who does not take part.
    public func marks(for user: UserID) -> ReadMarks? {
        guard let place = participants.place(of: user) else { return nil }
        var others: Int64?
        for other in participants.indices where other != place {
            others = min(others ?? .max, participants[other].readUpTo)
        }
        return ReadMarks(latest: lastN, othersReadUpTo: others ?? lastN, viewerReadUpTo: participants[place].readUpTo)
    }

    /// The conversation with whatever is greater in another state of it, of which everything but the participants may be unknown and 0;
    /// nil where nothing is. All of it only grows, so states may come in any order, and twice.
    func merged(with other: Conversation) -> Conversation? {
        let merged = participants.merged(with: other.participants)
        guard
            merged != nil || other.lastN > lastN || other.change > change || other.prunedUpTo > prunedUpTo
                || other.revision > revision
        else { return nil }
        var result = self
        result.lastN = max(lastN, other.lastN)
        result.prunedUpTo = max(prunedUpTo, other.prunedUpTo)
        result.change = max(change, other.change)
        result.revision = max(revision, other.revision)
        if let merged { result.participants = merged }
        return result
    }

    /// Whether this user takes part, and sees the same messages as in another state of the conversation, with the same marks.
    func showsTheSameMessages(as other: Conversation, to user: UserID) -> Bool {
        guard let marks = marks(for: user) else { return false }
        return revision == other.revision && prunedUpTo == other.prunedUpTo && marks == other.marks(for: user)
    }

    /// The bytes of heap memory that it takes, about.
    package var memory: Int {
        let ids = participants.count == 2 ? participants.reduce(0) { $0 + $1.user.memory } : participants.memory
        return id.memory + ids
    }

    /// The other participant where there are exactly two; nil in a group.
    ///
    /// - Parameter sender: the id of one of them, in UTF-8.
    public func receiver(of sender: UnsafeRawBufferPointer) -> UserID? {
        guard participants.count == 2 else { return nil }
        let first = participants[0].user
        return first.text.hasSameBytes(as: sender) ? participants[1].user : first
    }
}

/// How a caller names a conversation: by its id, or as the direct one with another user (`@bob`).
public enum ConversationReference: Hashable, Sendable {
    /// The conversation with this id.
    case id(ConversationID)
    /// The one direct conversation between the caller and this user.
    case direct(with: UserID)

    /// What the caller wrote.
    public var text: String {
        switch self {
        case .id(let id): id.text
        case .direct(let user): "@\(user.text)"
        }
    }

    /// Reads a path segment after decoding; nil where it cannot name a conversation.
    public init?(_ text: String) {
        if text.utf8.first == UInt8(ascii: "@") {
            // By bytes: a Character would take along a combining mark that the user's id begins with.
            guard let user = UserID(String(Substring(text.utf8.dropFirst()))) else { return nil }
            self = .direct(with: user)
        } else {
            // URL parsers remove these two segments, so no client could ask for such a conversation again.
            guard let id = ConversationID(text), text != ".", text != ".." else { return nil }
            self = .id(id)
        }
    }
}

/// A conversation within its tenant, as a key of tables in memory.
public struct ConversationKey: Hashable, Sendable {
    /// The namespace of the id.
    public let tenant: TenantID
    /// Which conversation of the tenant.
    public let id: ConversationID

    /// A conversation of a tenant.
    public init(tenant: TenantID, id: ConversationID) {
        self.tenant = tenant
        self.id = id
    }
}
