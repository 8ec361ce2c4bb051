import HTTP
import Messaging
import Testing

@testable import MessagingHTTP

@Suite("Answers to polls")
struct PollAnswerTests {
    private let common = [
        Response.Field("Vary", "X-User-ID, Origin"), Response.Field("Access-Control-Allow-Origin", "https://a.example"),
        Response.Field("Access-Control-Expose-Headers", "ETag"),
    ]

    private func call(_ query: String = "", ifNoneMatch: String? = nil) throws -> Call {
        Call(
            request: request(.get, "/", ifNoneMatch.map { [(.ifNoneMatch, $0)] } ?? []), caller: Caller(user: alice),
            query: try Query(Array(query.utf8)[...]), epoch: k3f9, common: common,
            pollInterval: 7)
    }

    private func answer(before: String? = nil) -> PollAnswer {
        PollAnswer(tag: EntityTag(text: "\"t\""), cursor: "k3f9.4.2.1", before: before, endpoint: .messages)
    }

    private func whole(_ answer: PollAnswer, _ call: Call) throws -> Response {
        try answer.response(to: call, AnswerMemory(limit: 100), size: 2) { Array("[]".utf8) }.compressed()
    }

    private func link(_ query: String, before: String? = nil) throws -> String? {
        try whole(answer(before: before), try call(query)).value(of: "Link")
    }

    @Test("the next URL follows the cursor, the older page comes where there is one")
    func links() throws {
        #expect(try link("") == #"<?since=k3f9.4.2.1>; rel="next""#)
        #expect(try link("", before: "3") == #"<?since=k3f9.4.2.1>; rel="next", <?before=3>; rel="prev""#)
    }

    @Test("The next and the older URL keep the parameters of the request, except for its position")
    func keptParameters() throws {
        #expect(
            try link("since=1&limit=5&messages=0&userId=a%26b%3E&other=1", before: "3")
                == #"<?since=k3f9.4.2.1&limit=5&messages=0&userId=a%26b%3E>; rel="next", "#
                + #"<?before=3&limit=5&messages=0&userId=a%26b%3E>; rel="prev""#)
    }

    @Test("a 304 has no body, and of the fields of the 200 those that must be there and those that change")
    func notModified() throws {
        let full = try whole(answer(), try call())
        let unchanged = try whole(answer(), try call(ifNoneMatch: "W/\"t\""))
        #expect(full.status == 200)
        #expect(text(full.body) == "[]")
        #expect(unchanged.status == 304)
        #expect(unchanged.body.isEmpty)
        let left = ["Content-Type", "Link", "Access-Control-Expose-Headers"]
        #expect(full.fields.filter { !left.contains($0.name) } == unchanged.fields)
        #expect(
            unchanged.fields == [
                Response.Field("ETag", "\"t\""), Response.Field("Cache-Control", "private, no-cache"),
                Response.Field("X-Poll-Interval", "7"), Response.Field("X-Cursor", "k3f9.4.2.1"),
            ] + common.dropLast())
    }
}
