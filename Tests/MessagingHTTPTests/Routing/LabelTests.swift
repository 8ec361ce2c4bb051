import HTTP
import Messaging
import Testing

@testable import MessagingHTTP

@Suite("What is told of requests")
struct LabelTests {
    @Test("Every endpoint and outcome has an index of its own")
    func places() {
        let labels = Endpoint.allCases.flatMap { endpoint in Outcome.allCases.map { Label(endpoint, $0) } }
        for (place, label) in labels.enumerated() { #expect(!labels[..<place].contains(label)) }
        #expect(
            labels.map(\.endpoint) == Endpoint.allCases.flatMap { Array(repeating: $0, count: Outcome.allCases.count) })
        #expect(labels.map(\.outcome) == Endpoint.allCases.flatMap { _ in Outcome.allCases })
        #expect(Label(.other, .done) == .unlabelled)
        #expect(Outcome.allCases.map(\.index) == Array(Outcome.allCases.indices))
        #expect(Set(Outcome.allCases.map(\.name)).count == Outcome.allCases.count)
    }

    @Test(
        "a request is counted for the endpoint it was meant for",
        arguments: [
            (HTTP.Method.get, "/api/messages/conversations?limit=x", Endpoint.conversations),
            (.head, "/api/messages/conversations/a/messages", .messages),
            (.post, "/api/messages/conversations/@bob/messages", .send),
            (.get, "/api/messages/conversations/", .conversations),
            (.get, "/api/messages/conversations/a/messages/?limit=5", .messages),
            (.post, "/api/messages/conversations/a/messages/", .send),
            (.put, "/api/messages/conversations/a/read/", .read),
            (.get, "/api/messages/conversations//", .other), (.get, "/api/messages/conversations/a/messages//", .other),
            (.put, "/api/messages/conversations/a/read", .read), (.post, "/api/messages/conversations/a/read", .read),
            (.patch, "/api/messages/conversations/a/read", .read), (.post, "/api/messages/send", .send),
            (.get, "/api/messages/conversations/a", .conversation), (.get, "/healthz", .other),
            (.options, "/api/messages/conversations", .other), (.other, "/api/messages/conversations", .other),
        ])
    func endpoints(method: HTTP.Method, target: String, endpoint: Endpoint) {
        #expect(Endpoint(of: request(method, target)) == endpoint)
    }

    @Test("Two users, and one user id in two tenants, have different fingerprints")
    func viewers() {
        let tenant = TenantID("acme") ?? .none
        let viewers = [Caller(user: alice), Caller(user: bob), Caller(tenant: tenant, user: alice)]
            .map { Label(.messages, .full, by: $0).viewer }
        #expect(Set(viewers).count == 3)
        #expect(!viewers.contains(0))
        #expect(Label(.messages, .full, by: Caller(user: alice)).viewer == viewers[0])
    }

    @Test(
        "a logged path has no query and names nobody",
        arguments: [
            ("/api/messages/conversations?userId=alice&token=t", "/api/messages/conversations"),
            ("/api/messages/conversations/conv-456/messages?since=x", "/api/messages/conversations/conv-456/messages"),
            ("/api/messages/conversations/%40bob/messages", "/api/messages/conversations/@/messages"),
            ("/api/messages/conversations/%40bob/messages/", "/api/messages/conversations/@/messages"),
            ("/api/messages/conversations/?x", "/api/messages/conversations"),
            ("/api/messages/conversations/@bob/messages//", "/api/messages/conversations/…"),
            ("/api/messages/conversations/@bob/read", "/api/messages/conversations/@/read"),
            ("/api/messages/conversations/alice?since=x", "/api/messages/conversations/…"),
            ("/api/messages/send?userId=alice", "/api/messages/send"),
            ("/api/messages/conversations/@bob/typo", "/api/messages/conversations/…"),
            ("/v1/api/messages/conversations/@bob/messages", "/v1/api/messages/conversations/…"),
            ("http://user:pass@host/healthz?x", "/healthz"), ("/favicon.ico?x=y", "/favicon.ico"),
            ("/a b\u{1B}ä\u{0}", "/a%20b%1B%C3%A4%00"), ("*", "*"),
        ])
    func loggedPaths(target: String, logged: String) {
        #expect(LoggedPath.text(of: Array(target.utf8)) == logged)
    }

    @Test("A logged path is cut to its bound")
    func longPath() {
        #expect(LoggedPath.text(of: Array(("/" + String(repeating: "x", count: 10_000)).utf8)).count == 256)
    }
}
