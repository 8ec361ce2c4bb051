import Messaging
import Testing

@testable import MessagingHTTP

@Suite("Routes")
struct RouteTests {
    private static func id(_ text: String) -> ConversationReference { .id(ConversationID(trusted: text)) }
    private static func direct(_ text: String) -> ConversationReference { .direct(with: UserID(trusted: text)) }

    @Test(
        "a path names a resource, and the conversation's id is decoded once",
        arguments: [
            ("/api/messages/conversations", Route.conversations),
            ("/api/messages/conversations/conv-456/messages", .messages(id("conv-456"))),
            ("/api/messages/conversations/conv-456/read", .read(id("conv-456"))),
            ("/api/messages/conversations/@bob/messages", .messages(direct("bob"))),
            ("/api/messages/conversations/%40bob/read", .read(direct("bob"))),
            ("/api/messages/conversations/@b%2Fb/read", .read(direct("b/b"))),
            ("/api/messages/conversations/a%2Fb/messages", .messages(id("a/b"))),
            ("/api/messages/conversations/a%252Fb/messages", .messages(id("a%2Fb"))),
            ("/api/messages/conversations/a+b/messages", .messages(id("a+b"))),
            ("/api/messages/conversations/messages/messages", .messages(id("messages"))),
            ("/api/messages/conversations/%C3%A9/messages", .messages(id("\u{E9}"))),
            ("/api/messages/conversations/conv-456", .conversation(named: "conv-456")),
            ("/api/messages/conversations/%40b%2Fb", .conversation(named: "@b/b")),
            ("/api/messages/conversations/.", .conversation(named: ".")),
            ("/api/messages/send", .send),
            ("/ws", .webSocket), ("/ws/", .webSocket), ("/ws/messages", .webSocket),
            ("/healthz", .health), ("/readyz", .readiness), ("/", .page),
        ])
    func found(path: String, route: Route) throws {
        #expect(try Route(path: Array(path.utf8)[...]) == route)
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
        #expect(problem { try Route(path: Array(path.utf8)[...]) } == .notFound)
    }

    @Test(
        "an id that no conversation can have is the same as one that none has",
        arguments: ["", "%00", "a%00b", "%0A", ".", "..", "%2E%2E", "@", "%7F"] + [String(repeating: "a", count: 256)])
    func impossibleID(segment: String) {
        let path = "/api/messages/conversations/\(segment)/messages"
        #expect(problem { try Route(path: Array(path.utf8)[...]) } == .conversationNotFound)
    }

    @Test(
        "an id that is not percent-encoded UTF-8 is malformed", arguments: ["%", "%zz", "%C0%AF", "%ff", "%ED%A0%80"])
    func malformed(segment: String) {
        let path = "/api/messages/conversations/\(segment)/read"
        #expect(problem { try Route(path: Array(path.utf8)[...]) } == .malformedRequest)
    }

    @Test(
        "the path of a route leads back to it",
        arguments: [
            Route.conversations, .conversation(named: "@a/b"), .send, .messages(id("a/b?c#d %")), .read(id("é")),
            .messages(direct("b@example.com")),
            .read(direct("\u{301}bob")), .webSocket, .health, .readiness, .page,
        ])
    func roundTrip(route: Route) throws {
        #expect(try Route(path: Array(route.path.utf8)[...]) == route)
    }

    @Test(
        "a path with an id that no conversation can have knows the methods of the others",
        arguments: [
            ("%ff/messages", "GET, HEAD, POST, OPTIONS"), ("%zz/read", "PUT, POST, PATCH, OPTIONS"),
            (String(repeating: "x", count: 300) + "/messages", "GET, HEAD, POST, OPTIONS"),
            ("%ff", "GET, HEAD, OPTIONS"), ("%ff/others", nil), ("/messages", nil), ("", nil),
        ])
    func like(rest: String, allow: String?) {
        let path = "/api/messages/conversations/\(rest)"
        #expect(Route(likePath: Array(path.utf8)[...])?.allow == allow)
    }

    @Test("each route lists the methods it knows")
    func allow() {
        #expect(Route.conversations.allow == "GET, HEAD, OPTIONS")
        #expect(Route.messages(Self.id("a")).allow == "GET, HEAD, POST, OPTIONS")
        #expect(Route.read(Self.id("a")).allow == "PUT, POST, PATCH, OPTIONS")
        #expect(Route.conversation(named: "a").allow == "GET, HEAD, OPTIONS")
        #expect(Route.send.allow == "POST, OPTIONS")
    }
}
