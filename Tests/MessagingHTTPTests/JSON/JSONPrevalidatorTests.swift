import Testing

@testable import MessagingHTTP

@Suite("What comes before the JSON parser")
struct JSONPrevalidatorTests {
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
        "A body that is not JSON is malformed, even in members that nobody reads",
        arguments: [
            #"{"a":"x",}"#, #"{"a":01}"#, #"{"a":-}"#, #"{"a":--1e}"#, #"{"a":1.}"#, #"{"a":[1,]}"#, #"{"a":[1 , ]}"#,
            #"{"a":"\q"}"#, #"{"a":"\ud800"}"#, #"{"a":1} x"#, #"{"a":tru}"#, "{\"a\":\"\n\"}", "", "{",
        ])
    func malformed(text: String) {
        #expect(problem(text) == .malformedRequest)
    }

    @Test(
        "A body that is JSON is not malformed",
        arguments: [
            "{}", #"{"a":",]"}"#, #"{"a":"\",}"}"#, #" { "a" : [ 1e5 , true , null , -0.5E+3 ] } "#,
            #"{"a":"\ud83d\ude00"}"#,
        ])
    func wellFormed(text: String) {
        #expect(problem(text) == nil)
    }

    @Test("a number of more than 64 characters is refused wherever it stands, and one of 64 is not")
    func longLiterals() {
        let zeros = String(repeating: "0", count: 199)
        for number in ["1\(zeros)e-182", "-1\(zeros)e-182", "1\(zeros)", "0.\(zeros)1", "1e\(zeros)1"] {
            for text in [number, "[\(number)]", "{\"a\":\(number)}", "{\"a\":[{\"b\": \(number) }]}"] {
                #expect(JSONPrevalidator(Array(text.utf8)) == .longLiteral, "\(text)")
                #expect(problem("{\"a\":\(text)}") == .malformedRequest)
            }
        }
        for number in [String(repeating: "1", count: 64), "-" + String(repeating: "1", count: 60) + "e10"] {
            #expect(JSONPrevalidator(Array("[\(number),\(number)]".utf8)) == .fit)
            #expect(JSONPrevalidator(Array("[\(number)0]".utf8)) == .longLiteral)
        }
        #expect(JSONPrevalidator(Array("{\"\(zeros)\":\"\(zeros)\"}".utf8)) == .fit)
    }

    @Test(
        "an object with one name twice is refused at any level, however the name is written",
        arguments: [
            #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"a":3}"#, #"{"sub":1,"\u0073ub":2}"#,
            #"{"\u0073\u0075b":1,"su\u0062":2}"#,
            #"{"a":{"b":1,"b":2}}"#, #"{"a":[0,{"b":1,"b":2}]}"#, #"[{"a":[{}],"a":1}]"#, #"{"a":{},"a":1}"#,
            #"{"":1,"":2}"#, #"{"\"":1,"\u0022":2}"#, #"{"\/":1,"/":2}"#, #"{"\n":1,"\u000A":2}"#,
            #"{"\ud83d\ude00":1,"😀":2}"#, #"{"é":1,"e\u0301":2}"#, #"{ "a" : 1 , "a" : 2 }"#,
        ])
    func duplicates(text: String) {
        #expect(JSONPrevalidator(Array(text.utf8)) == .duplicateMember)
        #expect(problem("{\"x\":\(text)}") == .malformedRequest)
    }

    @Test(
        "one name in two objects, a name as a value, and names that only resemble each other are no duplicates",
        arguments: [
            #"{"a":{"a":{"a":1}}}"#, #"[{"a":1},{"a":2}]"#, #"{"a":"a","b":"a"}"#, #"["a","a"]"#, #"{"a":["a","a"]}"#,
            #"{"a":1,"A":2}"#, #"{"\\u0061":1,"a":2}"#, #"{"a":1,"a ":2}"#, #"{"a":1,"a\u0000":2}"#,
            #"{"a":{"b":1},"b":{"a":1}}"#,
        ])
    func noDuplicates(text: String) {
        #expect(JSONPrevalidator(Array(text.utf8)) == .fit)
        #expect(problem("{\"x\":\(text)}") == nil)
    }

    @Test("Numbers that stop Foundation's JSON parser are refused before it sees them", arguments: 510...516)
    func deep(levels: Int) {
        #expect(JSONPrevalidator(repeatElement(UInt8(ascii: "["), count: levels)) == .tooDeep)
    }
}
