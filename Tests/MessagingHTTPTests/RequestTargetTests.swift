import Testing

@testable import MessagingHTTP

@Suite("Request targets")
struct RequestTargetTests {
    @Test(
        "a target is a path and a query, in origin form or in absolute form",
        arguments: [
            ("/a", "/a", ""), ("/a?b=c", "/a", "b=c"), ("/a?", "/a", ""), ("/a?b?c", "/a", "b?c"), ("/?/", "/", "/"),
            ("http://host/a?b", "/a", "b"), ("https://host:8080/a", "/a", ""), ("http://host", "", ""),
            ("*", "*", ""), ("", "", ""), ("//host/a", "//host/a", ""), ("/http://x", "/http://x", ""),
        ])
    func split(target: String, path: String, query: String) {
        let parts = RequestTarget(Array(target.utf8))
        #expect(text(parts.path) == path)
        #expect(text(parts.query) == query)
    }
}
