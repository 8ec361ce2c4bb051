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
            ("/a/", "/a", ""), ("/a/?b/", "/a", "b/"), ("http://host/a/", "/a", ""),
            ("/", "/", ""), ("/?b", "/", "b"), ("//", "//", ""), ("/a//", "/a//", ""), ("/a/%2F", "/a/%2F", ""),
            ("/a/%2F/", "/a/%2F", ""), ("/a//?b", "/a//", "b"),
        ])
    func split(target: String, path: String, query: String) {
        let parts = RequestTarget(Array(target.utf8))
        #expect(text(parts.path) == path)
        #expect(text(parts.query) == query)
    }

    @Test(
        "a target in absolute form names a host, with whatever else stands before the path",
        arguments: [
            ("http://host/a", "host", "/a"), ("HTTPS://Host:1/a", "Host:1", "/a"), ("http://a@b/c", "a@b", "/c"),
            ("http://host?/a", "host", ""), ("http://host#/a", "host", "#/a"), ("http:///a", "", "/a"),
            ("/a", nil, "/a"), ("//host/a", nil, "//host/a"), ("ftp://host/a", nil, "ftp://host/a"), ("*", nil, "*"),
        ] as [(String, String?, String)])
    func authority(target: String, authority: String?, path: String) {
        let parts = RequestTarget(Array(target.utf8))
        #expect(parts.authority.map(text) == authority)
        #expect(text(parts.path) == path)
    }
}
