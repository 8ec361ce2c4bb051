import Messaging

extension WriteTransaction {
    /// Stores a message, or finds the one that an earlier try stored.
    func send(_ draft: Draft) throws -> SentMessage {
        if draft.clientMessageID?.utf8.contains(0) == true {
            throw MessagingError.invalidMessage("The client message id must not contain U+0000.")
        }
        let found = try find(for: draft)
        if let known = found?.conversation {
            try NewConversation.check(draft, known.id, among: known.participants.map(\.user))
            if let first = try firstTry(of: draft, in: known) {
                return SentMessage(conversation: known, message: first, replayed: true)
            }
        }
        let change = nextChange()
        var known = try found ?? open(NewConversation(for: draft), for: draft, change)
        let message = try append(draft, to: &known)
        known.conversation.change = change
        let conversation = known.conversation
        try conversations.update(
            conversation.key, change: change, lastN: conversation.lastN, activityCopies: known.activityCopies)
        record(
            conversation, tenant: draft.caller.tenant, change: change, seenBy: conversation.participants.map(\.user),
            message: message)
        remember(known, tenant: draft.caller.tenant)
        return SentMessage(conversation: conversation, message: message, replayed: false, opened: found == nil)
    }

    /// Opens a conversation, unless its id is taken by other users. This is checked last: all other errors of the draft are the same
    /// in both cases, so that the answer does not reveal whether the id is taken.
    private func open(
        _ newConversation: NewConversation, for draft: Draft, _ change: Int64
    ) throws -> CachedConversation {
        if case .id(let id) = draft.conversation, try conversations.exists(id, tenant: draft.caller.tenant) {
            throw MessagingError.conversationNotFound
        }
        return try insert(newConversation, tenant: draft.caller.tenant, at: draft.sentAt, change: change)
    }

    /// The conversation that a draft goes to; nil where it has yet to be opened.
    ///
    /// - Throws: ``MessagingError/ambiguousRecipient(_:)``.
    private func find(for draft: Draft) throws -> CachedConversation? {
        let caller = draft.caller
        let direct = try find(draft.conversation, of: caller)
        guard let recipient = draft.recipient else { return direct }
        // `@bob` is no id, but another name of the direct conversation.
        let isAlias = draft.conversation != .direct(with: recipient)
        let named = isAlias ? direct : try find(.id(ConversationID(trusted: recipient.text)), of: caller)
        guard named != nil || isAlias else { return direct }
        // Any user can open a conversation under another's id: what is meant for that user must not end there.
        let isDirect = !isAlias && named?.conversation.id == direct?.conversation.id
        if !isDirect, recipient != caller.user,
            try conversations.mayBeTogether(recipient, caller.user, tenant: caller.tenant)
        {
            let withRecipient = isAlias ? try find(.direct(with: recipient), of: caller) : direct
            // A retry is not ambiguous: its message is there, whatever was opened since.
            if let tried = try conversation(ofFirstTry: draft, among: [named, withRecipient]) { return tried }
            throw MessagingError.ambiguousRecipient(recipient)
        }
        return named
    }

    /// The first of these conversations that has a message of the sender's with the draft's key; nil where none has.
    private func conversation(
        ofFirstTry draft: Draft, among candidates: [CachedConversation?]
    ) throws -> CachedConversation? {
        guard let key = draft.clientMessageID else { return nil }
        return try candidates.compactMap { $0 }.first {
            try messages(in: $0.conversation).find(clientMessageID: key, of: draft.caller.user) != nil
        }
    }

    private func append(_ draft: Draft, to known: inout CachedConversation) throws -> Message {
        let sender = draft.caller.user
        guard let place = known.conversation.participants.place(of: sender) else {
            preconditionFailure("a sender outside of the conversation was let through")
        }
        known.conversation.lastN += 1
        let message = Message(
            n: known.conversation.lastN, sender: sender, content: draft.content.text, sentAt: draft.sentAt,
            clientMessageID: draft.clientMessageID)
        let messages = messages(in: known.conversation)
        let count = try known.count(place) { try messages.count(of: sender) }
        try messages.insert(message, senderN: count)
        return message
    }

    private func firstTry(of draft: Draft, in conversation: Conversation) throws -> Message? {
        guard let key = draft.clientMessageID else { return nil }
        guard let first = try messages(in: conversation).find(clientMessageID: key, of: draft.caller.user) else {
            return nil
        }
        // Canonically equivalent texts are not the same content: what is sent comes back byte for byte.
        guard first.content.hasSameBytes(as: draft.content.text) else {
            throw MessagingError.idempotencyConflict
        }
        return first
    }
}
