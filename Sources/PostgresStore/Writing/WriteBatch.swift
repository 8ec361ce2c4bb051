import Messaging

/// One batch of the writer: it finds the conversations of all commands, opens new ones, and then writes everything in one call.
///
/// It belongs to the writer thread.
final class WriteBatch {
    /// What the batch needs to know of a conversation before it can write to it.
    enum Lookup: Hashable {
        /// The conversation with this id, for a user who takes part in it.
        case id(ConversationKey, UserID)
        /// The direct one of a pair.
        case direct(ConversationCache.Pair)
    }

    struct PendingSend {
        let draft: Draft
        let reply: Reply<SentMessage>
        let conversation: ConversationKey
        let opened: Bool
    }

    struct PendingRead {
        let caller: Caller
        let upTo: Int64?
        let reply: Reply<ReadOutcome>
        let conversation: ConversationKey
    }

    /// A draft's key within its conversation: a batch may have it once.
    struct DraftKey: Hashable {
        let conversation: ConversationKey
        let sender: UserID
        let clientMessageID: String

        static func == (lhs: Self, rhs: Self) -> Bool {
            lhs.sender == rhs.sender && lhs.conversation == rhs.conversation
                && lhs.clientMessageID.hasSameBytes(as: rhs.clientMessageID)
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(sender)
            hasher.combine(Identifier<UserKind>(trusted: clientMessageID))
        }
    }

    let calls: WriteCalls
    let cache: ConversationCache
    /// The conversations of this batch as they are now.
    var states: [ConversationKey: Conversation] = [:]
    var pairs: [ConversationCache.Pair: ConversationID] = [:]
    var sends: [PendingSend] = []
    var reads: [PendingRead] = []
    /// Commands for the next batch.
    var deferred: [WriteCommand] = []
    /// What was committed so far, and the observer has not been told.
    var commits: [Commit] = []
    /// Whether the cache differed from the database: another process has written. Beside other nodes that is so all the time.
    var isCacheStale = false
    private var keys: Set<DraftKey> = []

    /// Whether no other node writes, so that what is known of a conversation is how it is.
    let isAlone: Bool

    init(_ calls: WriteCalls, cache: ConversationCache, isAlone: Bool) {
        self.calls = calls
        self.isAlone = isAlone
        self.cache = cache
    }

    /// Finds the conversations of these messages and read markers, and opens those that are new; what cannot be is refused.
    func prepare(_ commands: ArraySlice<WriteCommand>) throws {
        try load(lookups(of: commands))
        for command in commands {
            switch command {
            case .send(let draft, let reply): try answeringRefusals(reply) { try prepare(draft, reply, command) }
            case .markRead(let id, let upTo, let caller, let reply):
                try answeringRefusals(reply) { try prepare(id, upTo, caller, reply) }
            case .open, .rename, .resumeRenaming, .remove, .probe: preconditionFailure("it is no part of a batch")
            }
        }
    }

    /// Answers the caller where a command is refused; errors of the database are thrown on.
    private func answeringRefusals<Value>(_ reply: Reply<Value>, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as MessagingError {
            reply.refuse(error)
        }
    }

    private func prepare(_ draft: Draft, _ reply: Reply<SentMessage>, _ command: WriteCommand) throws {
        if draft.clientMessageID?.utf8.contains(0) == true {
            throw MessagingError.invalidMessage("The client message id must not contain U+0000.")
        }
        let found = try find(for: draft)
        if let found { try NewConversation.check(draft, found.id, among: found.participants.map(\.user)) }
        let conversation = try found ?? open(NewConversation(for: draft), for: draft)
        let name = ConversationKey(tenant: draft.caller.tenant, id: conversation.id)
        if let clientMessageID = draft.clientMessageID {
            let key = DraftKey(conversation: name, sender: draft.caller.user, clientMessageID: clientMessageID)
            guard keys.insert(key).inserted else {
                deferred.append(command)
                return
            }
        }
        sends.append(PendingSend(draft: draft, reply: reply, conversation: name, opened: found == nil))
    }

    private func prepare(
        _ id: ConversationID, _ upTo: Int64?, _ caller: Caller, _ reply: Reply<ReadOutcome>
    ) throws {
        let name = ConversationKey(tenant: caller.tenant, id: id)
        guard var found = find(.id(name, caller.user)) else { throw MessagingError.conversationNotFound }
        if !isAlone, let upTo, upTo > found.lastN { found = try reread(name, for: caller.user) ?? found }
        guard (0...found.lastN).contains(upTo ?? 0) else { throw MessagingError.invalidReadPosition }
        reads.append(PendingRead(caller: caller, upTo: upTo, reply: reply, conversation: name))
    }

    /// Opens a conversation, unless its id is taken by other users. This comes after all other checks, so that the answer does not reveal
    /// whether the id is taken.
    private func open(_ newConversation: NewConversation, for draft: Draft) throws -> Conversation {
        let tenant = draft.caller.tenant
        let opened = try calls.open(newConversation, tenant: tenant, at: draft.sentAt)
        switch opened.state {
        case .opened(let conversation):
            record(opened: conversation, newConversation, tenant)
            return conversation
        case .existed(let id):
            let lookup = Lookup.id(ConversationKey(tenant: tenant, id: id), draft.caller.user)
            try load([lookup])
            guard let conversation = find(lookup) else { throw MessagingError.conversationNotFound }
            isCacheStale = true
            return conversation
        case .taken:
            guard case .direct = draft.conversation else { throw MessagingError.conversationNotFound }
            // A direct conversation's id is made at random, and the next try makes another one.
            throw MessagingError.storeUnavailable("the id \(newConversation.id) of a new conversation is taken")
        }
    }

    func record(opened conversation: Conversation, _ newConversation: NewConversation, _ tenant: TenantID) {
        states[ConversationKey(tenant: tenant, id: conversation.id)] = conversation
        if newConversation.isDirect {
            let people = newConversation.participants
            pairs[ConversationCache.Pair(people[0], people[1], tenant: tenant)] = conversation.id
        }
        commits.append(
            Commit(
                tenant: tenant, conversation: conversation,
                listChanges: newConversation.participants.map { .init(user: $0, change: conversation.change) }))
    }
}

extension WriteBatch {
    /// The conversation that a draft goes to; nil where it has yet to be opened. The rules are those of the SQLite store.
    ///
    /// - Throws: ``MessagingError/ambiguousRecipient(_:)``.
    private func find(for draft: Draft) throws -> Conversation? {
        let caller = draft.caller
        let direct = find(lookup(draft.conversation, of: caller))
        guard let recipient = draft.recipient else { return direct }
        // `@bob` is no id, but another name of the direct conversation.
        let isAlias = draft.conversation != .direct(with: recipient)
        let named =
            isAlias ? direct : find(lookup(.id(ConversationID(trusted: recipient.text)), of: caller))
        guard named != nil || isAlias else { return direct }
        // Any user can open a conversation under another's id: what is meant for that user must not end there.
        let isDirect = !isAlias && named?.id == direct?.id
        if !isDirect, recipient != caller.user,
            try calls.mayBeTogether(recipient, caller.user, tenant: caller.tenant)
        {
            let withRecipient = isAlias ? find(lookup(.direct(with: recipient), of: caller)) : direct
            // A retry is not ambiguous: its message is there, whatever was opened since.
            if let tried = try conversation(ofFirstTry: draft, among: [named, withRecipient]) { return tried }
            throw MessagingError.ambiguousRecipient(recipient)
        }
        return named
    }

    /// The first of these conversations that has a message of the sender's with the draft's key; nil where none has.
    private func conversation(
        ofFirstTry draft: Draft, among candidates: [Conversation?]
    ) throws -> Conversation? {
        guard let key = draft.clientMessageID else { return nil }
        return try candidates.compactMap { $0 }.first {
            try calls.hasMessage(key, of: draft.caller, in: $0.key)
        }
    }

    private func lookup(_ reference: ConversationReference, of caller: Caller) -> Lookup {
        switch reference {
        case .id(let id): .id(ConversationKey(tenant: caller.tenant, id: id), caller.user)
        case .direct(let other): .direct(ConversationCache.Pair(caller.user, other, tenant: caller.tenant))
        }
    }

    private func lookups(of commands: ArraySlice<WriteCommand>) -> Set<Lookup> {
        var lookups: Set<Lookup> = []
        for command in commands {
            switch command {
            case .send(let draft, _):
                lookups.insert(lookup(draft.conversation, of: draft.caller))
                guard let recipient = draft.recipient else { continue }
                lookups.insert(lookup(.id(ConversationID(trusted: recipient.text)), of: draft.caller))
                lookups.insert(lookup(.direct(with: recipient), of: draft.caller))
            case .markRead(let id, _, let caller, _): lookups.insert(lookup(.id(id), of: caller))
            case .open, .rename, .resumeRenaming, .remove, .probe: break
            }
        }
        return lookups
    }

    /// Reads in one statement what memory does not have.
    ///
    /// For users who do not take part the database is read even if the conversation is in memory, as for one that does not exist: the
    /// time must not reveal that it exists.
    private func load(_ lookups: Set<Lookup>) throws {
        let unknown = lookups.filter { find($0) == nil }
        guard !unknown.isEmpty else { return }
        let found = try calls.load(Array(unknown))
        for (lookup, conversation) in found { keep(conversation, for: lookup) }
    }

    /// Reads a conversation again that other nodes may have written to.
    func reread(_ name: ConversationKey, for user: UserID) throws -> Conversation? {
        let lookup = Lookup.id(name, user)
        guard let found = try calls.load([lookup])[lookup] else { return nil }
        states[name] = found
        return found
    }

    private func keep(_ conversation: Conversation, for lookup: Lookup) {
        switch lookup {
        case .id(let name, _):
            if states[name] == nil { states[name] = conversation }
        case .direct(let pair):
            let name = ConversationKey(tenant: pair.tenant, id: conversation.id)
            if states[name] == nil { states[name] = cache.conversation(name) ?? conversation }
            pairs[pair] = conversation.id
        }
    }

    /// The conversation, if it is in memory and the user of the look-up takes part.
    private func find(_ lookup: Lookup) -> Conversation? {
        switch lookup {
        case .id(let name, let user):
            guard let known = state(name), known.participants.place(of: user) != nil else { return nil }
            return known
        case .direct(let pair):
            guard let id = pairs[pair] ?? cache.direct(pair) else { return nil }
            return state(ConversationKey(tenant: pair.tenant, id: id))
        }
    }

    func state(_ name: ConversationKey) -> Conversation? {
        states[name] ?? cache.conversation(name)
    }
}
