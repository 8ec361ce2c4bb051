import MessagingHTTP
import Testing

@Suite("Queries")
struct QueryTests {
    private func read(_ query: String) throws -> Query { try Query(Array(query.utf8)[...]) }

    @Test(
        "A query without a known parameter asks for nothing",
        arguments: ["", "&", "&&", "x", "x=1", "=", "Limit=5", "tenantId=a&x=%zz"])
    func empty(query: String) throws {
        let query = try read(query)
        #expect(query.since == nil && query.before == nil && query.userID == nil)
        #expect(query.limit == nil && query.messages == nil)
    }

    @Test("Names and values of query parameters are decoded")
    func values() throws {
        let query = try read("limit=20&messages=0&since=k3f9.4%2E0.0&userId=a+b%2Bc&other=1&other=2")
        #expect(query.limit == 20)
        #expect(query.messages == 0)
        #expect(query.since == "k3f9.4.0.0")
        #expect(query.userID == "a b+c")
        #expect(try read("%6Cimit=7").limit == 7)
        #expect(try read("before=a=b").before == "a=b")
        #expect(try read("since").since == "")
    }

    @Test("Query parameters accept both ends of their ranges")
    func ends() throws {
        #expect(try read("limit=1").limit == 1)
        #expect(try read("limit=500").limit == 500)
        #expect(try read("messages=100").messages == 100)
    }

    @Test(
        "A query parameter out of range, or no number, is refused by name",
        arguments: [
            "limit=0", "limit=501", "limit=-1", "limit=", "limit", "limit=ten", "limit=1.0", "limit=%201", "limit=+5",
            "limit=%2B5", "limit=05", "limit=99999999999999999999", "limit=٣", "limit=%zz", "messages=-1",
            "messages=101",
            "messages=-0", "messages=%2B0", "messages=",
        ])
    func numbers(query: String) {
        let name = query.hasPrefix("limit") ? "limit" : "messages"
        let problem = thrownProblem { try read(query) }
        #expect(problem?.kind == .malformedRequest)
        #expect(problem?.detail.hasPrefix("\(name) ") == true)
    }

    @Test(
        "A query parameter given twice is refused, even with the same value",
        arguments: [
            "limit=5&limit=5", "since=1&since=1", "userId=a&userId=b", "messages=1&x=1&messages=1", "before=&before=",
        ])
    func duplicates(query: String) {
        #expect(problem { try read(query) } == .malformedRequest)
    }

    @Test("since and before exclude each other")
    func exclusive() {
        #expect(problem { try read("since=1&before=2") } == .malformedRequest)
    }

    @Test("A query value that is not UTF-8 is refused", arguments: ["since=%ff", "userId=%C0%80", "before=%"])
    func notUTF8(query: String) {
        #expect(problem { try read(query) } == .malformedRequest)
    }
}
