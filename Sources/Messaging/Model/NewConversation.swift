/// A conversation that is about to be opened, and the rules for that.
public struct NewConversation: Equatable, Sendable {
    /// The most people in one conversation.
    public static let largestGroup = 500

    /// Whether a sender may open a conversation.
    public enum Permission: Sendable, Equatable {
        /// They may.
        case granted
        /// Only the operator may.
        case operatorOnly
        /// They have opened too many recently.
        case tooOften
        /// This draft is for a conversation that exists.
        case never

        fileprivate func check() throws(MessagingError) {
            switch self {
            case .granted: return
            case .operatorOnly: throw .openingForbidden
            case .tooOften: throw .openedTooOften
            case .never: throw .conversationNotFound
            }
        }
    }

    /// Its id.
    public let id: ConversationID
    /// All participants, each once, ordered by user id; at least two.
    public let participants: [UserID]
    /// Whether it is the one direct conversation of its pair.
    public let isDirect: Bool

    /// Opens a conversation between these people; they are sorted, and each counts once.
    ///
    /// - Throws: ``MessagingError/invalidMessage(_:)``.
    public init(id: ConversationID, participants: [UserID], isDirect: Bool) throws(MessagingError) {
        let everybody = Set(participants).sorted()
        guard everybody.count >= 2 else {
            throw .invalidMessage("A conversation needs a participant besides the sender.")
        }
        guard everybody.count <= Self.largestGroup else {
            throw .invalidMessage("A conversation has at most \(Self.largestGroup) participants.")
        }
        guard !isDirect || everybody.count == 2 else {
            throw .invalidMessage("A direct conversation has exactly two participants.")
        }
        self.id = id
        self.participants = everybody
        self.isDirect = isDirect
    }

    /// The conversation that this draft opens, given that its conversation does not exist.
    ///
    /// - Throws: ``MessagingError/conversationNotFound`` where it names no receiver to open it with,
    ///   ``MessagingError/openingForbidden``, ``MessagingError/openedTooOften`` or ``MessagingError/invalidMessage(_:)``.
    public init(for draft: Draft) throws(MessagingError) {
        let me = draft.caller.user
        switch draft.conversation {
        case .id(let id):
            guard !draft.receivers.isEmpty else { throw .conversationNotFound }
            try draft.opening.check()
            try self.init(id: id, participants: draft.receivers + [me], isDirect: false)
        case .direct(let other):
            try draft.opening.check()
            try Self.check(draft, draft.newConversationID, among: [other, me])
            try self.init(id: draft.newConversationID, participants: [other, me], isDirect: true)
        }
    }

    /// How many people are in the conversation that this draft opens, should it have to be made; nil where it cannot be.
    public static func size(for draft: Draft) -> Int? {
        switch draft.conversation {
        case .id: draft.receivers.isEmpty ? nil : Set(draft.receivers + [draft.caller.user]).count
        case .direct: 2
        }
    }

    /// Refuses a draft whose named receivers are not all in the conversation: other users would get the message. Some front ends name
    /// the conversation itself as the receiver.
    ///
    /// - Throws: ``MessagingError/invalidMessage(_:)``.
    public static func check(
        _ draft: Draft, _ id: ConversationID, among participants: [UserID]
    ) throws(MessagingError) {
        guard !draft.receivers.isEmpty else { return }
        let everybody = Set(participants)
        let areAllMeant = draft.receivers.allSatisfy { receiver in
            guard !everybody.contains(receiver) else { return true }
            let named = ConversationReference(receiver.text)
            return named == .id(id) || named == draft.conversation
        }
        guard areAllMeant else {
            throw .invalidMessage("A receiver named in the request does not take part in this conversation.")
        }
    }
}
