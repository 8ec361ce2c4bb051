import HTTP
import Messaging

/// `PUT /api/messages/conversations/{id}/read`, also as `POST` or `PATCH`
struct MarkAsRead {
    let context: Context

    private struct Body: Decodable {
        private struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }

            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }

            static let upTo = Name(stringValue: "upTo")

            /// Whether the name differs from `upTo` only in case or underscores: if it were ignored, everything would be marked as
            /// read.
            var isNearlyUpTo: Bool {
                stringValue != Self.upTo.stringValue
                    && stringValue.filter { $0 != "_" }.lowercased() == Self.upTo.stringValue.lowercased()
            }
        }

        var upTo: String?
        /// A member whose name is nearly `upTo`.
        var misspelt: String?

        init() {}

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Name.self)
            upTo = try members.decodeIfPresent(String.self, forKey: .upTo)
            misspelt = members.allKeys.filter(\.isNearlyUpTo).map(\.stringValue).min()
        }
    }

    /// Moves the caller's read marker and answers once that is on disk.
    func begin(_ reference: ConversationReference, _ call: Call) -> Step {
        .pending { .response(try await answer(reference, call)) }
    }

    private func answer(_ reference: ConversationReference, _ call: Call) async throws -> Response {
        let body = try body(of: call.request)
        guard let conversation = try await context.index.conversation(reference, of: call.caller, from: context.store)
        else { throw MessagingError.conversationNotFound }
        var upTo: Int64?
        if let text = body.upTo {
            guard let id = MessageID(text, in: conversation.id) else { throw MessagingError.invalidReadPosition }
            upTo = id.n
        }
        // Before anything is stored, because a stored message must be answered.
        let share = try context.answerMemory.take(Self.mostBytes, for: call.caller)
        let outcome = try await context.store.markRead(conversation.id, upTo: upTo, by: call.caller)
        var json = JSONWriter()
        json.raw("{\"conversationId\":")
        json.string(conversation.id.text)
        json.raw(",\"readUpTo\":")
        if outcome.readUpTo > 0 {
            json.string(MessageID(conversation: conversation.id, n: outcome.readUpTo).text)
        } else {
            json.raw("null")
        }
        json.raw(",\"unread\":")
        json.number(outcome.unread)
        json.raw("}")
        let fields = [Response.Field("Content-Type", "application/json"), Response.Field("Cache-Control", "no-store")]
        return Response(
            status: 200, fields: fields + call.common, body: json.bytes, label: Label(.read, .done, by: call.caller),
            share: share)
    }

    /// The most bytes of an answer: twice an id, of which every byte may take six.
    private static let mostBytes = 2 * 6 * 256 + 128

    private func body(of request: Request) throws(Problem) -> Body {
        guard !request.body.isEmpty else { return Body() }
        _ = try MediaType.of(request, accepting: [.json])
        // Some generated clients send null for a body that is left out.
        let body = try JSONBody.decode(Body?.self, from: request.body) ?? Body()
        if let name = body.misspelt {
            throw Problem(
                .invalidMessage, "\(name) is not known; the member is called upTo. Nothing was marked as read.")
        }
        return body
    }
}
