import HTTP
import Messaging

/// The resource that a path names, and its methods.
public enum Route: Equatable, Sendable {
    case conversations
    /// The segment after `conversations`: with the caller's own id, the caller's list, or else one conversation. Only the caller's id
    /// tells which.
    case conversation(named: String)
    case messages(ConversationReference)
    case read(ConversationReference)
    /// Sending to the user or conversation that the body names.
    case send
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
    private static let sending = Array("/api/messages/send".utf8)

    /// Finds the route of a raw path; the conversation's id is decoded here, once.
    ///
    /// - Throws: `not-found`; `conversation-not-found` for an id that no conversation can have; `malformed-request`.
    public init(path: ArraySlice<UInt8>) throws(Problem) {
        guard Self.isBelowBase(path) else {
            self = try Self.other(path)
            return
        }
        let rest = path.dropFirst(Self.base.count)
        if rest.isEmpty {
            self = .conversations
            return
        }
        guard rest.first == UInt8(ascii: "/"), rest.count > 1 else { throw Self.notFound }
        guard let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "/")) else {
            self = .conversation(named: try Self.text(rest.dropFirst()))
            return
        }
        let id = rest[..<end].dropFirst()
        let name = rest[(end + 1)...]
        if name.hasSameBytes(as: "messages") {
            self = .messages(try Self.reference(id))
        } else if name.hasSameBytes(as: "read") {
            self = .read(try Self.reference(id))
        } else {
            throw Self.notFound
        }
    }

    /// The route that a path has but for its conversation, whose id no conversation can have; nil where it has none.
    init?(likePath path: ArraySlice<UInt8>) {
        guard Self.isBelowBase(path) else { return nil }
        let rest = path.dropFirst(Self.base.count)
        guard rest.count > 1, rest.dropFirst().first != UInt8(ascii: "/") else { return nil }
        let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        let sample = Self.base + Array("/x".utf8) + rest[end...]
        guard let route = try? Route(path: sample[...]) else { return nil }
        self = route
    }

    /// The methods it knows.
    var methods: [Method] {
        switch self {
        case .conversations, .conversation, .health, .readiness, .description, .page, .webSocket:
            [.get, .head, .options]
        case .messages: [.get, .head, .post, .options]
        case .read: [.put, .post, .patch, .options]
        case .send: [.post, .options]
        }
    }

    /// The methods it knows, as `Allow` lists them (RFC 9110, section 10.2.1).
    var allow: String { methods.map(\.name).joined(separator: ", ") }

    /// The path, with the conversation named as the caller named it.
    var path: String {
        switch self {
        case .conversations: "/api/messages/conversations"
        case .conversation(let name): "/api/messages/conversations/\(PercentEncoding.encode(name))"
        case .messages(let reference): Route.conversation(named: reference.text).path + "/messages"
        case .read(let reference): Route.conversation(named: reference.text).path + "/read"
        case .send: "/api/messages/send"
        case .webSocket: "/ws"
        case .health: "/healthz"
        case .readiness: "/readyz"
        case .description(.yaml): "/openapi.yaml"
        case .description(.json): "/openapi.json"
        case .page: "/"
        }
    }

    /// Whether a raw path is an endpoint's, or looks like one: errors in it are reported to callers only.
    static func needsCaller(_ path: ArraySlice<UInt8>) -> Bool {
        isBelowBase(path) || path.hasSameBytes(as: sending[...])
    }

    private static func isBelowBase(_ path: ArraySlice<UInt8>) -> Bool {
        path.prefix(base.count).hasSameBytes(as: base[...])
    }

    static var notFound: Problem { Problem(.notFound, "There is nothing at this path.") }

    private static func reference(_ segment: ArraySlice<UInt8>) throws(Problem) -> ConversationReference {
        guard let reference = ConversationReference(try text(segment)) else {
            throw Problem(MessagingError.conversationNotFound)
        }
        return reference
    }

    private static func text(_ segment: ArraySlice<UInt8>) throws(Problem) -> String {
        guard let text = PercentEncoding.decode(segment) else {
            throw Problem(.malformedRequest, "The conversation id in the path is not percent-encoded UTF-8.")
        }
        return text
    }

    private static func other(_ path: ArraySlice<UInt8>) throws(Problem) -> Route {
        if path.elementsEqual(sending) { return .send }
        if path.elementsEqual("/healthz".utf8) { return .health }
        if path.elementsEqual("/readyz".utf8) { return .readiness }
        if path.elementsEqual("/openapi.yaml".utf8) { return .description(.yaml) }
        if path.elementsEqual("/openapi.json".utf8) { return .description(.json) }
        if path.elementsEqual("/".utf8) { return .page }
        if path.elementsEqual("/ws".utf8) || path.starts(with: "/ws/".utf8) { return .webSocket }
        throw notFound
    }
}
