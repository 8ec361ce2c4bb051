import Messaging
import Testing

@testable import MessagingHTTP

@Suite("Routes")
struct RouteTests {
    private static func id(_ text: String) -> ConversationReference { .id(ConversationID(trusted: text)) }
    private static func direct(_ text: String) -> ConversationReference { .direct(with: UserID(trusted: text)) }

    private static func requested(_ path: String) throws -> RequestedRoute {
        try RequestedRoute(Array(path.utf8)[...])
    }

    @Test(
        "a path names a resource, and the conversation's id is decoded once",
        arguments: [
            ("/api/messages/conversations/conv-456/messages", Route.messages, id("conv-456")),
            ("/api/messages/conversations/conv-456/read", .read, id("conv-456")),
            ("/api/messages/conversations/@bob/messages", .messages, direct("bob")),
            ("/api/messages/conversations/%40bob/read", .read, direct("bob")),
            ("/api/messages/conversations/@b%2Fb/read", .read, direct("b/b")),
            ("/api/messages/conversations/a%2Fb/messages", .messages, id("a/b")),
            ("/api/messages/conversations/a%252Fb/messages", .messages, id("a%2Fb")),
            ("/api/messages/conversations/a+b/messages", .messages, id("a+b")),
            ("/api/messages/conversations/messages/messages", .messages, id("messages")),
            ("/api/messages/conversations/%C3%A9/messages", .messages, id("\u{E9}")),
            ("/api/messages/conversations/conv-456", .conversation, id("conv-456")),
            ("/api/messages/conversations/messages", .conversation, id("messages")),
            ("/api/messages/conversations/%40b%2Fb", .conversation, direct("b/b")),
        ])
    func ofConversation(path: String, route: Route, conversation: ConversationReference) throws {
        let requested = try Self.requested(path)
        #expect(requested.route == route)
        #expect(try requested.conversation == conversation)
        #expect(requested.id.hasSameBytes(as: conversation.text))
    }

    @Test(
        "a path names a resource without a conversation",
        arguments: [
            ("/api/messages/conversations", Route.conversations), ("/api/messages/send", .send),
            ("/ws", .webSocket), ("/ws/", .webSocket), ("/ws/messages", .webSocket),
            ("/healthz", .health), ("/readyz", .readiness), ("/", .page), ("/openapi.yaml", .descriptionInYAML),
            ("/openapi.json", .descriptionInJSON), ("/postbox.js", .moduleScript), ("/postbox.d.ts", .moduleTypes),
        ])
    func others(path: String, route: Route) throws {
        #expect(try Self.requested(path).route == route)
    }

    @Test("a segment that can be a user's id and no conversation's is one of the caller's list")
    func ownID() throws {
        let requested = try Self.requested("/api/messages/conversations/.")
        #expect(requested.route == .conversation)
        #expect(requested.id == ".")
    }

    @Test(
        "every other path is not found",
        arguments: [
            "", "//", "*", "/api", "/api/messages", "/api/messages/conversations/", "/api/messages/sends",
            "/api/messages/send/conv-456",
            "/api/messages/conversations/conv-456/", "/api/messages/conversations/conv-456/messages/",
            "/api/messages/conversations/conv-456/messages/1", "/api/messages/conversations/a/b/messages",
            "/api/messages/conversations/conv-456/Messages", "/api/messages/conversations/conv-456/%6Dessages",
            "/api/messages/conversationsX/messages", "/api/messages/conversationsX", "//api/messages/conversations",
            "/API/messages/conversations", "/api/messages/conversations/conv-456/other", "/wsx", "/WS", "/healthz/",
        ])
    func notFound(path: String) {
        #expect(problem { try Self.requested(path) } == .notFound)
    }

    @Test(
        "an id that no conversation can have is the same as one that none has",
        arguments: ["", "%00", "a%00b", "%0A", ".", "..", "%2E%2E", "@", "%7F"] + [String(repeating: "a", count: 256)])
    func impossibleID(segment: String) {
        let path = "/api/messages/conversations/\(segment)/messages"
        #expect(throws: MessagingError.conversationNotFound) { try Self.requested(path).conversation }
    }

    @Test(
        "an id that is not percent-encoded UTF-8 is malformed", arguments: ["%", "%zz", "%C0%AF", "%ff", "%ED%A0%80"])
    func malformed(segment: String) {
        let path = "/api/messages/conversations/\(segment)/read"
        #expect(problem { try Self.requested(path) } == .malformedRequest)
    }

    @Test("the path of a route leads back to it", arguments: Route.allCases)
    func roundTrip(route: Route) throws {
        for id in ["conv-456", "a/b?c#d %", "\u{E9}", "@b@example.com", "@\u{301}bob", "@a/b"] {
            let requested = try Self.requested(route.path(id: id))
            #expect(requested.route == route)
            #expect(requested.path == route.path(id: id))
            #expect(requested.id.isEmpty || requested.id.hasSameBytes(as: id))
        }
    }

    @Test(
        "a path with an id that no conversation can have knows the methods of the others",
        arguments: [
            ("%ff/messages", "GET, HEAD, POST, OPTIONS"), ("%zz/read", "PUT, POST, PATCH, OPTIONS"),
            (String(repeating: "x", count: 300) + "/messages", "GET, HEAD, POST, OPTIONS"),
            ("/messages", "GET, HEAD, POST, OPTIONS"), ("%ff", "GET, HEAD, OPTIONS"), ("%ff/others", nil), ("", nil),
        ])
    func impossible(rest: String, allow: String?) {
        #expect(Route.find(Array("/api/messages/conversations/\(rest)".utf8)[...])?.0.allow == allow)
    }

    @Test("each route lists the methods it knows")
    func allow() {
        #expect(Route.conversations.allow == "GET, HEAD, OPTIONS")
        #expect(Route.messages.allow == "GET, HEAD, POST, OPTIONS")
        #expect(Route.read.allow == "PUT, POST, PATCH, OPTIONS")
        #expect(Route.conversation.allow == "GET, HEAD, OPTIONS")
        #expect(Route.send.allow == "POST, OPTIONS")
        #expect(Route.webSocket.allow == "GET, HEAD, OPTIONS")
    }

    @Test("a WebSocket client is told the four endpoints")
    func endpoints() {
        #expect(
            Route.endpoints == [
                "GET /api/messages/conversations", "GET /api/messages/conversations/{id}/messages",
                "POST /api/messages/conversations/{id}/messages", "PUT /api/messages/conversations/{id}/read",
            ])
    }
}
