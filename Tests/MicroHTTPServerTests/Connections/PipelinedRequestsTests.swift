import HTTP
import Testing

@testable import MicroHTTPServer

@Suite("Requests that come before earlier ones are answered")
struct PipelinedRequestsTests {
    private func fields(_ texts: [(RequestField, String)]) -> RequestFields {
        var fields = RequestFields()
        for (field, text) in texts { fields.append(field, text.utf8) }
        return fields
    }

    @Test("Each comes back as it was, in order, with its fields")
    func order() {
        var requests = PipelinedRequests()
        for number in 0..<20 {
            var extent = RequestReader.Extent()
            extent.blank = number
            extent.head = 100 * number
            extent.parameters = number % 3
            extent.fields = 1 << number
            extent.trailers = 3 * number
            extent.length = number.isMultiple(of: 4) ? nil : number * 1_000_000
            extent.isHeadComplete = true
            extent.end = number * 10_000_000_000
            let isKept = requests.append(extent, fields(number == 7 ? [] : [(.host, "h\(number)"), (.userID, "u")]))
            #expect(isKept)
        }
        for number in 0..<20 {
            let extent = requests.first?.extent
            #expect(extent?.blank == number && extent?.head == 100 * number && extent?.parameters == number % 3)
            #expect(extent?.fields == 1 << number && extent?.trailers == 3 * number && extent?.isHeadComplete == true)
            #expect(extent?.length == (number.isMultiple(of: 4) ? nil : number * 1_000_000))
            #expect(extent?.end == number * 10_000_000_000 && extent?.fault == nil)
            let fields = requests.takeFields()
            #expect(fields?[.host].map { Array($0) } == (number == 7 ? nil : Array("h\(number)".utf8)))
            #expect(fields?.count(of: .userID) == (number == 7 ? 0 : 1))
            #expect(requests.takeFields()?.count(of: .host) == 0, "they are taken once")
            let hadOne = requests.next()
            #expect(hadOne)
        }
        #expect(requests.first == nil && requests.takeFields() == nil)
        let hadOne = requests.next()
        #expect(!hadOne)
    }

    @Test("Pipelined requests take at most 4 KiB, and further ones fit once some have been taken")
    func bounded() {
        var requests = PipelinedRequests()
        let large = fields([(.host, String(repeating: "h", count: 1000))])
        func append() -> Bool { requests.append(RequestReader.Extent(), large) }
        // The first is not packed.
        #expect((0..<5).map { _ in append() } == [true, true, true, true, true])
        #expect(!append())
        _ = requests.next()
        #expect(append())
        #expect(!append())
        for _ in 0..<5 {
            #expect(requests.first?.fields.count(of: .host) == 1)
            _ = requests.next()
        }
        #expect(requests.first == nil)
    }

    @Test("A hundred tiny ones at once are answered in order")
    func answered() async throws {
        let handler = TestHandler(memory: { Response(status: 200, fields: [], body: $0.target) })
        let server = try serve(handler) { $0.memoryPerConnection = 32 << 10 }
        let client = try Client(port: server.boundPort)
        for _ in 0..<2 {
            client.send((0..<100).map { "GET /\($0) HTTP/1.1\r\nHost:a\r\n\r\n" }.joined())
            for number in 0..<100 { #expect(try await client.receive().body == "/\(number)") }
        }
        server.stop(within: 1)
    }
}
