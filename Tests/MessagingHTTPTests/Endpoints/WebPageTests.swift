import HTTP
import Messaging
import Testing

@testable import MessagingHTTP

@Suite("The page")
struct WebPageTests {
    private static let html = "<!doctype html><title>Postbox</title>"
    private static let page = WebPage(html: Array(html.utf8), contentSecurityPolicy: "default-src 'none'")

    private func answer(
        _ method: HTTP.Method, _ target: String = "/", _ fields: [(RequestField, String)] = [],
        page: WebPage? = page
    ) -> Response? {
        documentAnswer(to: request(method, target, fields), page: page)
    }

    @Test("The page is served with its policy", arguments: ["/", "/?userId=alice", "/?x"])
    func shown(target: String) throws {
        let response = try #require(answer(.get, target))
        #expect(response.status == 200)
        #expect(text(response.body) == Self.html)
        #expect(response.value(of: "Content-Type") == "text/html; charset=utf-8")
        #expect(response.value(of: "Content-Security-Policy") == "default-src 'none'")
        #expect(response.value(of: "X-Content-Type-Options") == "nosniff")
        #expect(response.value(of: "Cache-Control") == "no-cache")
    }

    @Test("The page has an entity tag that brings a 304", arguments: [HTTP.Method.get, .head])
    func unchanged(method: HTTP.Method) throws {
        let tag = try #require(answer(method)?.value(of: "ETag"))
        #expect(answer(method, "/", [(.ifNoneMatch, tag)])?.status == 304)
        #expect(answer(method, "/", [(.ifNoneMatch, "\"another\"")])?.status == 200)
    }

    @Test("The page has another entity tag where it or its policy differs")
    func tags() {
        let others = [
            WebPage(html: Array("<!doctype html>".utf8), contentSecurityPolicy: "default-src 'none'"),
            WebPage(html: Array(Self.html.utf8), contentSecurityPolicy: "default-src 'self'"),
        ]
        for other in others {
            #expect(answer(.get, page: other)?.value(of: "ETag") != answer(.get)?.value(of: "ETag"))
        }
    }

    @Test("The page answers GET and HEAD only", arguments: [HTTP.Method.post, .put, .other])
    func methods(method: HTTP.Method) {
        let response = answer(method)
        #expect(response?.status == 405)
        #expect(response?.value(of: "Allow") == "GET, HEAD, OPTIONS")
    }

    @Test("The page lets pages of an allowed origin read the answer, 304 too", arguments: ["\"another\"", "*"])
    func origins(condition: String) {
        let response = answer(.get, "/", [(.origin, "https://app.example"), (.ifNoneMatch, condition)])
        #expect(response?.value(of: "Access-Control-Allow-Origin") == "https://app.example")
    }

    @Test(
        "The page is a 404 where it is not served, whatever the method",
        arguments: [HTTP.Method.get, .head, .post], ["/", "/?limit=%"])
    func absent(method: HTTP.Method, target: String) throws {
        let response = try #require(answer(method, target, page: nil))
        #expect(response.status == 404)
        #expect(try object(response.body)["type"] as? String == ProblemKind.notFound.type)
    }
}
