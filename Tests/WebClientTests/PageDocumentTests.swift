import Crypto
import Foundation
import Testing

@testable import WebClient

@Suite("The page for people")
struct PageDocumentTests {
    private let page = String(decoding: PageDocument.html(identity: "demo"), as: UTF8.self)

    @Test("The page knows how requests say who is asking", arguments: ["demo", "gateway", "jwt"])
    func identity(kind: String) {
        let page = String(decoding: PageDocument.html(identity: kind), as: UTF8.self)
        #expect(page.hasPrefix("<!doctype html>\n<html lang=\"en\" data-identity=\"\(kind)\">\n"))
    }

    @Test(
        "The page has one script and one style sheet, whose hashes are the only ones allowed; the script may import from here",
        arguments: [("script", "'self' "), ("style", "")])
    func hashes(element: String, others: String) throws {
        let parts = page.split(separator: "<\(element)", omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        let start = try #require(parts[1].firstIndex(of: ">"))
        let inside = try #require(parts[1].firstRange(of: "</\(element)>")).lowerBound
        let text = parts[1][..<inside][start...].dropFirst()
        let digest = Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString()
        let directives = PageDocument.contentSecurityPolicy.components(separatedBy: "; ")
        #expect(directives.contains("\(element)-src \(others)'sha256-\(digest)'"))
    }

    @Test("The policy of the page allows nothing but what it names")
    func policy() {
        let directives = PageDocument.contentSecurityPolicy.components(separatedBy: "; ")
        #expect(directives.first == "default-src 'none'")
        for directive in [
            "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            #expect(directives.contains(directive))
        }
        #expect(!PageDocument.contentSecurityPolicy.contains("unsafe"))
    }

    @Test(
        "The page has nothing that its policy would refuse or that turns text into markup",
        arguments: [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser",
            "createContextualFragment", "setHTML", " style=\"", " onclick=", " onload=", " src=", "@import", ": url(",
        ])
    func markup(forbidden: String) {
        #expect(!page.contains(forbidden))
    }
}
