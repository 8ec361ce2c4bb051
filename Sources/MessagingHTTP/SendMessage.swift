import Messaging

/// `POST /api/messages/conversations/{id}/messages`
struct SendMessage {
    let context: Context

    /// The members of a JSON body; front ends send more, which is ignored.
    private struct Body: Decodable {
        let content: String
        let clientMessageId: String?
        let senderId: String?
        let receiverId: String?
        let recipientId: String?
        let participantIds: [String]?
    }

    /// The largest body, in bytes, that is read on the loop's thread.
    private static let quicklyRead = 4096

    /// Stores the message and answers once it is on disk.
    func begin(_ reference: ConversationReference, _ call: Call) -> Step {
        .pending {
            // To read a large body takes a while, and others wait for this thread.
            if call.request.body.count > Self.quicklyRead { await Task.yield() }
            return try await answer(reference, call)
        }
    }

    private func answer(_ reference: ConversationReference, _ call: Call) async throws -> Response {
        let draft = try draft(reference, call)
        // Before anything is stored: what is stored must be answered.
        let share = try context.answerMemory.take(Self.mostBytes(of: draft), for: call.caller)
        let sent = try await store(draft)
        // Nobody can have read it yet; a retry gets the answer of the first try again, whoever has read it since.
        let marks = ReadMarks(n: sent.message.n, others: sent.message.n - 1, mine: 0)
        var json = JSONWriter()
        json.message(sent.message, in: sent.conversation, for: call.caller.user, marks)
        var fields = [Response.Field("Content-Type", "application/json"), Response.Field("Cache-Control", "no-store")]
        if sent.replayed { fields.append(Response.Field("Idempotency-Replayed", "true")) }
        let label = Label(.send, sent.replayed ? .replayed : .stored, by: call.caller)
        return Response(status: 201, fields: fields + call.common, body: json.bytes, label: label, share: share)
    }

    /// An answer with this message has at most so many bytes: its content, four ids and a key, of which every byte may take six.
    private static func mostBytes(of draft: Draft) -> Int {
        var content = draft.content.text
        return content.withUTF8 { JSONText(UnsafeRawBufferPointer($0)).size } + 5 * 6 * 256 + 256
    }

    /// For so many people in it, a conversation that is opened counts as one more.
    private static let peoplePerOpening = 20

    /// Stores a draft, where the caller has not opened too many conversations or this one exists.
    ///
    /// Whether it exists is known for certain only where it is stored. So the tokens are taken before and given back where nothing was
    /// opened, and who has none may still write to a conversation that exists.
    private func store(_ draft: Draft) async throws -> SentMessage {
        guard draft.opening == .granted, let people = Opening.size(for: draft), !isKnown(draft) else {
            return try await context.store.send(draft)
        }
        let tokens = 1 + people / Self.peoplePerOpening
        let caller = draft.caller
        guard let wait = context.openings.attempt(tokens, of: caller, now: context.surroundings.ticks()) else {
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
            throw context.openings.refusal(waiting: wait)
        }
    }

    /// Whether memory knows the conversation as one of the caller's.
    private func isKnown(_ draft: Draft) -> Bool {
        let known = context.index.conversation(draft.conversation, of: draft.caller)
        return known?.participants.contains { $0.user == draft.caller.user } ?? false
    }

    private func draft(_ reference: ConversationReference, _ call: Call) throws -> Draft {
        let body = try body(of: call.request)
        let key = try IdempotencyKey.of(call.request, member: body.clientMessageId)
        if let sender = body.senderId, !sender.isEmpty, UserID(sender) != call.caller.user {
            throw Problem(.senderMismatch, "senderId is not the caller.")
        }
        guard (body.participantIds ?? []).count <= Opening.largestGroup else {
            throw MessagingError.invalidMessage("participantIds may name at most \(Opening.largestGroup) users.")
        }
        let named = [body.receiverId, body.recipientId].compactMap { $0 } + (body.participantIds ?? [])
        let receivers = try named.filter { !$0.isEmpty }.map { text in
            guard let user = UserID(text) else { throw MessagingError.invalidMessage("A receiver's id is not valid.") }
            return user
        }
        return Draft(
            caller: call.caller, conversation: reference,
            content: try MessageContent(body.content, limit: context.settings.contentLimit), clientMessageID: key,
            receivers: receivers, opening: context.settings.usersMayOpen ? .granted : .operatorOnly,
            sentAt: context.surroundings.now(),
            newConversationID: context.surroundings.makeConversationID())
    }

    private func body(of request: Request) throws(Problem) -> Body {
        switch try MediaType.of(request, accepting: [.json, .plainText]) {
        case .json:
            return try JSONBody.decode(Body.self, from: request.body)
        case .plainText:
            guard let text = String(validating: request.body, as: UTF8.self) else {
                throw Problem(.malformedRequest, "The body is not UTF-8.")
            }
            return Body(
                content: text, clientMessageId: nil, senderId: nil, receiverId: nil, recipientId: nil,
                participantIds: nil)
        }
    }
}
