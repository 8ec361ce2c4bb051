import HTTP
import Testing

@Suite("The id of a request")
struct RequestIDTests {
    /// A request with this `X-Request-Id`.
    private func request(id: String?) -> Request {
        var fields = RequestFields()
        if let id { fields.append(.requestID, id.utf8) }
        return Request(method: .get, target: Array("/".utf8), fields: fields)
    }

    @Test("the id of a request is taken where it can stand in a log, up to 128 characters")
    func requestIDs() {
        func id(_ text: String) -> String? { request(id: text).id }
        #expect(id("5f2c-9e0b:7a41/d386==") == "5f2c-9e0b:7a41/d386==")
        #expect(id(String(repeating: "x", count: 128))?.count == 128)
        for unfit in ["", "a b", "a\u{1B}[31m", "ä", "a\tb", String(repeating: "x", count: 129)] {
            #expect(id(unfit) == nil, "\(unfit)")
        }
        #expect(request(id: nil).id == nil)
    }

    @Test("a request is named once, and never anew")
    func naming() {
        var nameless = request(id: nil)
        nameless.named { "one" }
        nameless.named { "two" }
        #expect(nameless.id == "one")
        var named = request(id: "given")
        named.named { "one" }
        #expect(named.id == "given")
    }
}
