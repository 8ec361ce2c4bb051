import Testing

@testable import MessagingHTTP

@Suite("Media types")
struct MediaTypeTests {
    @Test(
        "JSON and plain text in UTF-8 are known, however they are written",
        arguments: [
            ("application/json", MediaType.json), ("Application/JSON", .json),
            ("application/json;charset=utf-8", .json),
            ("application/json; charset=UTF-8", .json), ("application/json; charset=\"utf-8\"", .json),
            ("application/json ; profile=x", .json), ("text/plain", .plainText),
            ("text/plain;charset=UTF8", .plainText),
            ("text/plain; charset=us-ascii", .plainText), ("text/plain; format=flowed; charset=utf-8", .plainText),
        ])
    func known(value: String, type: MediaType) {
        #expect(MediaType(Array(value.utf8)[...]) == type)
    }

    @Test(
        "Other media types and charsets are not accepted",
        arguments: [
            "", ";", "json", "application/jsonp", "application/problem+json", "application/json, text/plain",
            "text/html",
            "text/plain; charset=latin1", "text/plain; charset=utf-16", "application/json;charset=", "*/*",
            "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application /json", "text/plain2",
        ])
    func unknown(value: String) {
        #expect(MediaType(Array(value.utf8)[...]) == nil)
    }

    @Test("A request with no Content-Type, or with two, is not accepted")
    func ofRequest() throws {
        let json = request(.put, "/", [(.contentType, "application/json")])
        let plain = request(.put, "/", [(.contentType, "text/plain")])
        let both = request(.put, "/", [(.contentType, "text/plain"), (.contentType, "text/plain")])
        #expect(try MediaType.of(json, accepting: [.json]) == .json)
        #expect(try MediaType.of(plain, accepting: [.json, .plainText]) == .plainText)
        for refused in [plain, both, request()] {
            #expect(problem { try MediaType.of(refused, accepting: [.json]) } == .unsupportedMediaType)
        }
        #expect(problem { try MediaType.of(both, accepting: [.json, .plainText]) } == .unsupportedMediaType)
    }
}
