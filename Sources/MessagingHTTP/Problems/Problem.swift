import HTTP
import Messaging

/// An answer that says what went wrong, and what the caller can do about it (RFC 9457).
public struct Problem: Error, Equatable, Sendable {
    /// The closed list of what can go wrong.
    public let kind: ProblemKind
    /// A sentence about this occurrence.
    public let detail: String
    /// Header fields that belong to it, such as `Allow`.
    public let fields: [Response.Field]
    /// What is wrong with the credentials, where they are the problem.
    let credentialFault: CredentialFault?

    /// Creates a problem.
    public init(_ kind: ProblemKind, _ detail: String, fields: [Response.Field] = []) {
        self.init(kind, detail, fields: fields, credentialFault: nil)
    }

    init(_ kind: ProblemKind, _ detail: String, fields: [Response.Field], credentialFault: CredentialFault?) {
        self.credentialFault = credentialFault
        self.kind = kind
        self.detail = detail
        self.fields = fields
    }

    /// The response, with the fields that every response carries.
    func response(_ common: [Response.Field], at endpoint: Endpoint = .other) -> Response {
        var json = JSONWriter()
        json.raw("{\"type\":")
        json.string(kind.type)
        json.raw(",\"title\":")
        json.string(kind.title)
        json.raw(",\"status\":")
        json.number(Int64(kind.status))
        json.raw(",\"detail\":")
        json.string(detail)
        if kind == .pollingOnly {
            json.raw(",\"endpoints\":[")
            for (place, endpoint) in Route.endpoints.enumerated() {
                if place > 0 { json.raw(",") }
                json.string(endpoint)
            }
            json.raw("]")
        }
        json.raw("}\n")
        let content = [
            Response.Field("Content-Type", "application/problem+json"), Response.Field("Cache-Control", "no-store"),
        ]
        return Response(
            status: kind.status, fields: content + fields + common, body: json.bytes,
            label: Label(endpoint, .problem(kind)))
    }
}

extension Problem {
    /// The one place where errors of messaging become problems.
    public init(_ error: MessagingError) {
        switch error {
        case .conversationNotFound:
            self.init(.conversationNotFound, "There is no such conversation among the caller's.")
        case .openingForbidden:
            self.init(.openingForbidden, "Conversations are opened by the operator here.")
        case .openedTooOften:
            self.init(
                .rateLimited, "Too many conversations opened; try again later.",
                fields: [Response.Field("Retry-After", "5")])
        case .ambiguousRecipient(let id):
            let path = Route.messages.path(id: ConversationReference.direct(with: id).text)
            self.init(
                .ambiguousRecipient,
                "\(id) is the id of a conversation and of a user. Name the conversation in conversationId, or send to the user at "
                    + "\(path).")
        case .invalidMessage(let sentence):
            self.init(.invalidMessage, sentence)
        case .contentTooLarge(let limit):
            self.init(.contentTooLarge, "The content may have at most \(limit) bytes of UTF-8.")
        case .idempotencyConflict:
            self.init(
                .idempotencyConflict, "This key was used before, for other content. Use a new key for a new message.")
        case .invalidReadPosition:
            self.init(.invalidReadPosition, "upTo must be the id of a message of this conversation.")
        case .overloaded, .messagesRemoved:
            self.init(
                .overloaded, "Too many requests are waiting; nothing was stored. Try again shortly.",
                fields: [Response.Field("Retry-After", "1")])
        case .storeUnavailable:
            self.init(
                .storeUnavailable,
                "The store cannot answer at the moment. Try again shortly; a message sent again with its key is stored once.",
                fields: [Response.Field("Retry-After", "5")])
        }
    }

    /// The answer to a WebSocket client.
    static var pollingOnly: Problem {
        Problem(.pollingOnly, "There is no WebSocket here; poll the endpoints instead.")
    }

    /// The answer to a poll at a node that may have missed what was written at another.
    static var behind: Problem {
        Problem(
            .storeUnavailable,
            "This node has not heard from the database for a while (\(StoreFault.behind.name)). Try again shortly.",
            fields: [Response.Field("Retry-After", "1")])
    }

    /// The answer of `/healthz` where a loop hangs.
    static var stuck: Problem {
        Problem(
            .overloaded, "An event loop has not turned for seconds.", fields: [Response.Field("Retry-After", "1")])
    }

    /// The one place where faults of the store become problems, for readiness probes.
    public init(_ fault: StoreFault) {
        self.init(
            .storeUnavailable, "The store is not ready: \(fault.sentence) (\(fault.name)).",
            fields: [Response.Field("Retry-After", "5")])
    }

    /// The one place where errors of cursors become problems.
    public init(_ error: CursorError) {
        switch error {
        case .malformed:
            self.init(.malformedCursor, "This is not a cursor of this resource. Use the value of X-Cursor.")
        case .expired:
            self.init(
                .cursorExpired, "This cursor does not fit what is stored now. Fetch again without since or before.")
        }
    }

    /// The one place where refusals of the server become problems.
    public init(_ refusal: TransportRefusal) {
        switch refusal {
        case .bodyTooLarge(let limit):
            self.init(.contentTooLarge, "A request body may have at most \(limit) bytes.")
        case .tooManyBodies:
            self.init(
                .overloaded, "Too many request bodies are coming in; nothing was stored. Try again shortly.",
                fields: [Response.Field("Retry-After", "1")])
        case .headTooLarge:
            self.init(
                .headTooLarge,
                "The request's head leaves no room for an answer. Send fewer cookies, header fields and query parameters, and fewer "
                    + "requests before they are answered.")
        case .ambiguousLength:
            self.init(.malformedRequest, "Content-Length and Transfer-Encoding do not agree on the body's length.")
        case .malformedChunks:
            self.init(.malformedRequest, "The body does not come in chunks as Transfer-Encoding says.")
        case .malformedHead:
            self.init(
                .malformedRequest, "A line of the request's head is no field, or continues the line before it.")
        case .invalidHost:
            self.init(.malformedRequest, "The request must have exactly one Host field, with a host name or address.")
        case .stopping:
            self.init(
                .stopping, "The server is stopping. Try again shortly.", fields: [Response.Field("Retry-After", "1")])
        }
    }
}
