import Testing

@testable import MessagingHTTP

@Suite("What comes before the JSON parser")
struct JSONScreenTests {
    private struct Anything: Decodable {}

    private func problem(_ text: String) -> ProblemKind? {
        do throws(Problem) {
            _ = try JSONBody.decode(Anything.self, from: Array(text.utf8))
            return nil
        } catch {
            return error.kind
        }
    }

    @Test(
        "what is not JSON is malformed, even in members that nobody reads",
        arguments: [
            #"{"a":"x",}"#, #"{"a":01}"#, #"{"a":-}"#, #"{"a":--1e}"#, #"{"a":1.}"#, #"{"a":[1,]}"#, #"{"a":[1 , ]}"#,
            #"{"a":"\q"}"#, #"{"a":"\ud800"}"#, #"{"a":1} x"#, #"{"a":tru}"#, "{\"a\":\"\n\"}", "", "{",
        ])
    func malformed(text: String) {
        #expect(problem(text) == .malformedRequest)
    }

    @Test(
        "what is JSON is not",
        arguments: [
            "{}", #"{"a":",]"}"#, #"{"a":"\",}"}"#, #" { "a" : [ 1e5 , true , null , -0.5E+3 ] } "#,
            #"{"a":"\ud83d\ude00"}"#,
        ])
    func wellFormed(text: String) {
        #expect(problem(text) == nil)
    }

    @Test("the text at which Foundation's parser stops the program never gets there", arguments: 510...516)
    func deep(levels: Int) {
        #expect(JSONScreen(repeatElement(UInt8(ascii: "["), count: levels)) == .tooDeep)
    }
}
