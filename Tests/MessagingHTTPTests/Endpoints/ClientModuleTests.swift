import HTTP
import Messaging
import Testing

@testable import MessagingHTTP

@Suite("The client module over HTTP")
struct ClientModuleTests {
    private static let script = "export class Postbox {}\n"
    private static let module = ClientModule(script: Array(script.utf8), types: Array("export class Postbox {}".utf8))

    private func answer(
        _ method: HTTP.Method, _ target: String = "/postbox.js", _ fields: [(RequestField, String)] = [],
        module: ClientModule? = module
    ) -> Response? {
        documentAnswer(to: request(method, target, fields), module: module)
    }

    @Test(
        "The module and its types are served without an identity",
        arguments: [("/postbox.js", "text/javascript"), ("/postbox.d.ts", "application/typescript")])
    func served(target: String, type: String) throws {
        let response = try #require(answer(.get, target))
        #expect(response.status == 200)
        #expect(text(response.body).hasPrefix("export class Postbox"))
        // A module of another type is refused by browsers (HTML Standard, "fetch a single module script").
        #expect(response.value(of: "Content-Type") == "\(type); charset=utf-8")
        #expect(response.value(of: "X-Content-Type-Options") == "nosniff")
        #expect(response.value(of: "Cache-Control") == "no-cache")
    }

    @Test("The module has an entity tag that brings a 304", arguments: [HTTP.Method.get, .head])
    func unchanged(method: HTTP.Method) throws {
        let tag = try #require(answer(method)?.value(of: "ETag"))
        #expect(answer(method, "/postbox.js", [(.ifNoneMatch, tag)])?.status == 304)
        #expect(answer(method, "/postbox.d.ts", [(.ifNoneMatch, tag)])?.status == 200)
    }

    @Test("Pages of an allowed origin may import the module, and no others")
    func origins() {
        let allowed = answer(.get, "/postbox.js", [(.origin, "https://app.example")])
        #expect(allowed?.value(of: "Access-Control-Allow-Origin") == "https://app.example")
        let other = answer(.get, "/postbox.js", [(.origin, "https://other.example")])
        #expect(other?.status == 200 && other?.value(of: "Access-Control-Allow-Origin") == nil)
    }

    @Test("The module answers GET and HEAD only", arguments: [HTTP.Method.post, .put, .other])
    func methods(method: HTTP.Method) {
        #expect(answer(method)?.status == 405)
        #expect(answer(method)?.value(of: "Allow") == "GET, HEAD, OPTIONS")
    }

    @Test("The module is a 404 where it is not served", arguments: ["/postbox.js", "/postbox.d.ts"])
    func absent(target: String) {
        #expect(answer(.get, target, module: nil)?.status == 404)
    }
}
