import Messaging

/// Which resource a path names, and what may be done there.
public enum Route: Equatable, Sendable {
    case conversations
    case messages(ConversationReference)
    case read(ConversationReference)
    case webSocket
    case health
    case readiness
    case description(ServiceDescription.Form)
    case page

    /// The four endpoints, for people.
    static let endpoints = [
        "GET /api/messages/conversations",
        "GET /api/messages/conversations/{id}/messages",
        "POST /api/messages/conversations/{id}/messages",
        "PUT /api/messages/conversations/{id}/read",
    ]

    private static let base = Array("/api/messages/conversations".utf8)

    /// Finds the route of a raw path; the conversation's id is decoded here, once.
    ///
    /// - Throws: `not-found`; `conversation-not-found` for an id that no conversation can have; `malformed-request`.
    public init(path: ArraySlice<UInt8>) throws(Problem) {
        guard path.starts(with: Self.base) else {
            self = try Self.other(path)
            return
        }
        let rest = path.dropFirst(Self.base.count)
        if rest.isEmpty {
            self = .conversations
            return
        }
        guard rest.first == UInt8(ascii: "/"), let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "/")) else {
            throw Self.notFound
        }
        let id = rest[..<end].dropFirst()
        let name = rest[(end + 1)...]
        if name.elementsEqual("messages".utf8) {
            self = .messages(try Self.reference(id))
        } else if name.elementsEqual("read".utf8) {
            self = .read(try Self.reference(id))
        } else {
            throw Self.notFound
        }
    }

    /// The methods it knows.
    var methods: [Method] {
        switch self {
        case .conversations, .health, .readiness, .description, .page, .webSocket: [.get, .head, .options]
        case .messages: [.get, .head, .post, .options]
        case .read: [.put, .options]
        }
    }

    /// The methods it knows, as `Allow` lists them (RFC 9110, section 10.2.1).
    var allow: String { methods.map(\.name).joined(separator: ", ") }

    /// The path of one of the four endpoints, with the conversation named as the caller named it.
    var path: String {
        func conversation(_ reference: ConversationReference) -> String {
            switch reference {
            case .id(let id): "/api/messages/conversations/\(PercentEncoding.encode(id.text))"
            case .direct(let user): "/api/messages/conversations/@\(PercentEncoding.encode(user.text))"
            }
        }
        return switch self {
        case .conversations: "/api/messages/conversations"
        case .messages(let reference): conversation(reference) + "/messages"
        case .read(let reference): conversation(reference) + "/read"
        case .webSocket: "/ws"
        case .health: "/healthz"
        case .readiness: "/readyz"
        case .description(.yaml): "/openapi.yaml"
        case .description(.json): "/openapi.json"
        case .page: "/"
        }
    }

    /// Whether a raw path is one of the four endpoints', or looks like one: what is wrong with it is told to callers only.
    static func needsCaller(_ path: ArraySlice<UInt8>) -> Bool { path.starts(with: base) }

    static var notFound: Problem { Problem(.notFound, "There is nothing at this path.") }

    private static func reference(_ segment: ArraySlice<UInt8>) throws(Problem) -> ConversationReference {
        guard let text = PercentEncoding.decode(segment) else {
            throw Problem(.malformedRequest, "The conversation id in the path is not percent-encoded UTF-8.")
        }
        guard let reference = ConversationReference(text) else { throw Problem(MessagingError.conversationNotFound) }
        return reference
    }

    private static func other(_ path: ArraySlice<UInt8>) throws(Problem) -> Route {
        if path.elementsEqual("/healthz".utf8) { return .health }
        if path.elementsEqual("/readyz".utf8) { return .readiness }
        if path.elementsEqual("/openapi.yaml".utf8) { return .description(.yaml) }
        if path.elementsEqual("/openapi.json".utf8) { return .description(.json) }
        if path.elementsEqual("/".utf8) { return .page }
        if path.elementsEqual("/ws".utf8) || path.starts(with: "/ws/".utf8) { return .webSocket }
        throw notFound
    }
}
