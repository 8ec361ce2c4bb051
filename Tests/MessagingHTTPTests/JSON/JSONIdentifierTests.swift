import Foundation
import Testing

@testable import MessagingHTTP

@Suite("Ids in JSON")
struct JSONIdentifierTests {
    private struct Body: Decodable {
        let id: JSONIdentifier?
    }

    private func id(_ json: String) throws -> String? {
        try JSONBody.decode(Body.self, from: Array("{\"id\":\(json)}".utf8)).id?.text
    }

    @Test(
        "are in a body what they are in a token",
        arguments: [
            "\"42\"", "\"\"", "\"e\\u0301\"", "42", "0", "-0", "-17", "42.0", "4.2e1", "1e3", "9007199254740993",
            "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809", "1.5", "1e30",
            "true", "false", "[]", "[\"a\"]", "{}",
        ])
    func sameAsInToken(json: String) throws {
        let claims = try JSONDecoder().decode(TokenClaims.self, from: Data("{\"sub\":\(json)}".utf8))
        guard let text = claims.text("sub") else {
            let problem = thrownProblem { _ = try id(json) }
            #expect(problem?.kind == .invalidMessage)
            #expect(problem?.detail == "id must be a string or a whole number.")
            return
        }
        #expect(try id(json).map(bytes) == bytes(text))
    }

    @Test("a whole number is its digits, however large, and null is none")
    func numbers() throws {
        #expect(try id("42") == "42")
        #expect(try id("9007199254740993") == "9007199254740993")
        #expect(try id("-17") == "-17")
        #expect(try id("null") == nil)
        #expect(throws: (any Error).self) { try id("1.5") }
    }
}
