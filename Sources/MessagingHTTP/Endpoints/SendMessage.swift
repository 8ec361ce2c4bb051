import Compression
import HTTP
import Messaging

/// `POST /api/messages/conversations/{id}/messages` and `POST /api/messages/send`
struct SendMessage {
    let context: Context

    /// The members of a JSON body; front ends send more, which is ignored.
    private struct Body: Decodable {
        let content: String
        var clientMessageId: String?
        var senderId: JSONIdentifier?
        /// Only where the path names no conversation.
        var conversationId: JSONIdentifier?
        var receiverId: JSONIdentifier?
        var recipientId: JSONIdentifier?
        var participantIds: [JSONIdentifier]?
    }

    /// The largest body, in bytes, that is read on the loop's thread.
    private static let quicklyRead = 4096

    /// Stores the message and answers once it is on disk.
    ///
    /// - Parameter reference: the conversation that the path names; nil where the body says to whom or what it goes.
    func begin(_ reference: ConversationReference?, _ call: Call) -> Step {
        .pending {
            // Reading a large body takes a while, and other connections wait for this thread.
            if call.request.body.count > Self.quicklyRead { await Task.yield() }
            guard let reference else { return .response(try await answer(call)) }
            return .response(try await answer(reference, call))
        }
    }

    /// The destination of a message.
    private struct Destination {
        let conversation: ConversationReference
        var recipient: UserID?
        var mayBeOpened = true
        /// All other users that the body names.
        let receivers: [UserID]
    }

    /// Stores a message to the conversation that the path names, and answers once it is on disk.
    private func answer(_ reference: ConversationReference, _ call: Call) async throws -> Response {
        let body = try body(of: call.request)
        let named = [body.receiverId, body.recipientId].compactMap { $0 }
        return try await answer(body, call) {
            Destination(conversation: reference, receivers: try users(named + (body.participantIds ?? [])))
        }
    }

    /// Stores a message to the user or conversation that its body names, and answers once it is on disk.
    private func answer(_ call: Call) async throws -> Response {
        _ = try MediaType.of(call.request, accepting: [.json])
        let body = try body(of: call.request)
        return try await answer(body, call) { try destination(named: body) }
    }

    private func answer(_ body: Body, _ call: Call, _ destination: () throws -> Destination) async throws -> Response {
        let draft = try draft(body, call, destination)
        // Before anything is stored, because a stored message must be answered.
        let share = try context.answerMemory.take(Self.mostBytes(of: draft), for: call.caller)
        let sent = try await store(draft)
        // No participant can have read it yet; a retry gets the answer of the first try again, whatever was read since.
        let marks = ReadMarks(latest: sent.message.n, othersReadUpTo: sent.message.n - 1, viewerReadUpTo: 0)
        var json = JSONWriter()
        json.message(sent.message, in: sent.conversation, for: call.caller.user, marks)
        var fields = [Response.Field("Content-Type", "application/json"), Response.Field("Cache-Control", "no-store")]
        if sent.replayed { fields.append(Response.Field("Idempotency-Replayed", "true")) }
        let label = Label(.send, sent.replayed ? .replayed : .stored, by: call.caller)
        fields += call.common
        // Without memory to compress it goes out as it is: what is stored must be answered.
        guard call.coding.form(size: json.bytes.count) == .gzip, let body = Gzip.compress(json.bytes) else {
            return Response(status: 201, fields: fields, body: json.bytes, label: label, share: share)
        }
        return Response(
            status: 201, fields: [Response.Field("Content-Encoding", "gzip")] + fields, body: body,
            uncodedSize: json.bytes.count, label: label, share: share)
    }

    /// The most bytes of an answer with this message: its content, four ids and a key, of which every byte may take six.
    private static func mostBytes(of draft: Draft) -> Int {
        var content = draft.content.text
        return content.withUTF8 { JSONText(UnsafeRawBufferPointer($0)).size } + 5 * 6 * 256 + 256
    }

    /// An opening counts as one more for each group of this many participants.
    private static let peoplePerOpening = 20

    /// Stores a draft, where its conversation exists or the caller may still open one.
    ///
    /// Only the transaction that stores the draft knows whether the conversation exists. So the tokens are taken before, and given
    /// back where nothing was opened. A caller without tokens may still write to an existing conversation.
    private func store(_ draft: Draft) async throws -> SentMessage {
        guard draft.opening == .granted, let people = NewConversation.size(for: draft), !isKnown(draft) else {
            return try await context.store.send(draft)
        }
        let tokens = 1 + people / Self.peoplePerOpening
        let caller = draft.caller
        guard let wait = context.openings.attempt(tokens, of: caller, now: context.environment.ticks()) else {
            var isOpened = false
            defer { if !isOpened { context.openings.giveBack(tokens, to: caller) } }
            let sent = try await context.store.send(draft)
            isOpened = sent.opened
            return sent
        }
        do {
            var draft = draft
            draft.opening = .tooOften
            return try await context.store.send(draft)
        } catch MessagingError.openedTooOften {
            throw context.openings.refusal(of: caller, waiting: wait, now: context.environment.ticks())
        }
    }

    /// Whether memory has the conversation as one of the caller's.
    private func isKnown(_ draft: Draft) -> Bool {
        let named = draft.recipient.map { ConversationReference.id(ConversationID(trusted: $0.text)) }
        return [draft.conversation, named].compactMap { $0 }.contains { reference in
            let known = context.index.conversation(reference, of: draft.caller)
            return known?.participants.contains { $0.user == draft.caller.user } ?? false
        }
    }

    private func draft(_ body: Body, _ call: Call, _ destination: () throws -> Destination) throws -> Draft {
        let key = try IdempotencyKey.of(call.request, member: body.clientMessageId)
        if let sender = body.senderId?.text, !sender.isEmpty, UserID(sender) != call.caller.user {
            throw Problem(.senderMismatch, "senderId is not the caller.")
        }
        guard (body.participantIds ?? []).count <= NewConversation.largestGroup else {
            throw MessagingError.invalidMessage(
                "participantIds may name at most \(NewConversation.largestGroup) users.")
        }
        let destination = try destination()
        let opening: NewConversation.Permission = context.settings.usersMayOpen ? .granted : .operatorOnly
        return Draft(
            caller: call.caller, conversation: destination.conversation, recipient: destination.recipient,
            content: try MessageContent(body.content, limit: context.settings.contentLimit), clientMessageID: key,
            receivers: destination.receivers, opening: destination.mayBeOpened ? opening : .never,
            sentAt: context.environment.now(),
            newConversationID: context.environment.makeConversationID())
    }

    /// The destination that a body names: `conversationId`, or else `recipientId`, or else `receiverId`. The other users that it names
    /// have to fit.
    private func destination(named body: Body) throws -> Destination {
        var others = [body.recipientId, body.receiverId].compactMap { $0 }.filter { !$0.text.isEmpty }
        if let id = body.conversationId?.text, !id.isEmpty {
            guard let reference = ConversationReference(id) else { throw MessagingError.conversationNotFound }
            return Destination(
                conversation: reference, mayBeOpened: false, receivers: try users(others + (body.participantIds ?? [])))
        }
        guard let recipient = try users(Array(others.prefix(1))).first else {
            throw MessagingError.invalidMessage(
                "Say where the message goes: in conversationId, recipientId or receiverId.")
        }
        others.removeFirst()
        var conversation = ConversationReference.direct(with: recipient)
        if let named = ConversationReference(recipient.text), case .direct = named { conversation = named }
        return Destination(
            conversation: conversation, recipient: recipient, receivers: try users(others + (body.participantIds ?? []))
        )
    }

    private func users(_ named: [JSONIdentifier]) throws -> [UserID] {
        try named.filter { !$0.text.isEmpty }.map { id in
            guard let user = UserID(id.text) else {
                throw MessagingError.invalidMessage("A receiver's id is not valid.")
            }
            return user
        }
    }

    private func body(of request: Request) throws(Problem) -> Body {
        switch try MediaType.of(request, accepting: [.json, .plainText]) {
        case .json:
            return try JSONBody.decode(Body.self, from: request.body)
        case .plainText:
            guard let text = String(ofUTF8: request.body) else {
                throw Problem(.malformedRequest, "The body is not UTF-8.")
            }
            return Body(content: text)
        }
    }
}

/// The sender's key for a message: the member `clientMessageId`, or the `Idempotency-Key` field where there is none.
///
/// The member comes first because it stays with the message, while some clients put a fresh field on every attempt.
enum IdempotencyKey {
    static let maximumLength = 255

    /// - Throws: `malformed-request`.
    static func of(_ request: Request, member: String?) throws(Problem) -> String? {
        // One that cannot be a key is a mistake, also where it would not count.
        let field = try request.fields.onlyText(.idempotencyKey).map { text throws(Problem) in
            try checked(unquoted(text), "Idempotency-Key")
        }
        guard let member, !member.isEmpty else { return field }
        return try checked(member, "clientMessageId")
    }

    private static func checked(_ key: String, _ name: String) throws(Problem) -> String {
        guard (1...maximumLength).contains(key.utf8.count), !key.hasControlCharacters else {
            throw Problem(
                .malformedRequest, "\(name) must have 1 to \(maximumLength) bytes and no control characters.")
        }
        return key
    }

    /// The Internet-Draft has the key in quotes (a structured-field string); many clients leave them out.
    private static func unquoted(_ value: String) -> String {
        guard value.utf8.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return value }
        return String(value.dropFirst().dropLast())
    }
}
