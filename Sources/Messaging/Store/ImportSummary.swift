/// The result of an import.
public struct ImportSummary: Sendable, Equatable {
    /// How many records it read.
    public var records = 0
    /// How many users it stored, new ones and changed ones.
    public var people = 0
    /// How many conversations it opened.
    public var conversations = 0
    /// How many messages it stored.
    public var messages = 0
    /// How many messages it left out because they were sent before the time up to which their conversation was pruned.
    public var pruned = 0
    /// How many read markers it moved.
    public var readMarkers = 0
    /// How many records changed nothing: what they say was stored already, or they are counted in ``pruned``.
    public var skipped = 0

    /// Nothing so far.
    public init() {}
}

/// Why a record cannot be imported; the list is closed. Nothing of the import is kept then, or, of one beside requests, what comes
/// before the record.
public enum ImportError: Error, Equatable, Sendable {
    /// A message or a read marker names a conversation that no record before it and nothing in the store opened.
    case unknownConversation(ConversationID)
    /// The sender or reader does not take part in the conversation.
    case notAParticipant(UserID, ConversationID)
    /// The conversation is there already, with other participants.
    case otherParticipants(ConversationID)
    /// The pair has its direct conversation already, under another id.
    case directConversationExists(ConversationID)
    /// The sender's key is there already, on another message.
    case messageConflict(clientMessageID: String, ConversationID)
    /// A read marker lies beyond the last message.
    case readBeyondLast(upTo: Int64, lastN: Int64, ConversationID)
    /// An earlier version pruned the conversation without storing up to which time, so the message may have been pruned.
    case prunedBeforeUnknownMoment(ConversationID)
    /// A text contains U+0000, which would not come back.
    case unusableText
    /// The import beside requests would take too much of the server's memory.
    case tooLargeBesideRequests
}

extension ImportError: CustomStringConvertible {
    /// One sentence for the person who imports.
    public var description: String {
        switch self {
        case .unknownConversation(let id):
            "There is no conversation \(id); its record must come first."
        case .notAParticipant(let user, let id):
            "The user \(user) does not take part in the conversation \(id)."
        case .otherParticipants(let id):
            "The conversation \(id) exists already, with other participants."
        case .directConversationExists(let id):
            "These two have their direct conversation already: \(id)."
        case .messageConflict(let key, let id):
            "The key \(key) was used for another message of the same sender in the conversation \(id)."
        case .readBeyondLast(let upTo, let lastN, let id):
            "The read marker \(upTo) lies beyond the last message of the conversation \(id), which is \(lastN)."
        case .prunedBeforeUnknownMoment(let id):
            "The conversation \(id) was pruned by an earlier version, and this message may have been pruned with it; leave it out."
        case .unusableText:
            "The key of a message must not contain U+0000."
        case .tooLargeBesideRequests:
            "The import touches more conversations, or longer ones, than a server keeps in mind; divide the file, or stop the server."
        }
    }
}
