@testable import MicroHTTPServer
import HTTP
import Testing

/// Heads whose lines another server could read differently.
@Suite("Lines of a head")
struct HeadLineTests {
    private static let line = "GET / HTTP/1.1\r\n"
    private static let host = "Host: test\r\n"

    /// Heads that are wrong in one line, which is the first, one in the middle or the last, with both kinds of line ends.
    private static let malformedHeads: [String] = {
        let lines = [
            " X: folded", "\tX: folded", " ", "\t", ":", ": x", ":x", " :", "X : x", "X\t: x", "X", "X\u{0}: x",
            "X: a\u{0}b", "X: a\rb",
            "X(: x", "X Y: x", "\u{1}: x", "X: \u{1}",
        ]
        let crlf = lines.flatMap { wrong in
            [
                "\(line)\(wrong)\r\n\(host)\r\n", "\(line)\(host)\(wrong)\r\nA: b\r\n\r\n",
                "\(line)\(host)A: b\r\n\(wrong)\r\n\r\n",
                "\(line)\(host)\(wrong)\n\r\n", "\(line)\(host)A: b\n\(wrong)\n\n",
            ]
        }
        // A head that ends with such a line, where the library takes it for the end.
        let ends = [":\n", ":\r\n", "A: b\r\n:\n", "A: b\n:\n"].map { "\(line)\(host)\($0)" }
        let starts = [
            "GET  / HTTP/1.1", "GET / a HTTP/1.1", "GET\t/ HTTP/1.1", "GET /\ta HTTP/1.1", "GET / HTTP/1.1 ",
            "GET /\u{0} HTTP/1.1",
            "G(T / HTTP/1.1",
        ]
        return crlf + ends + starts.map { "\($0)\r\n\(host)\r\n" }
    }()

    @Test(
        "A line that is no field line ends the connection, and nothing of the request is handed on",
        arguments: malformedHeads)
    func malformed(head: String) async throws {
        let handler = TestHandler(always: response("seen"))
        let server = try serve(handler)
        for pieces in [1, 3, head.utf8.count] {
            let client = try Client(port: server.boundPort)
            client.send(head + get("/smuggled"), pieces: pieces)
            #expect(await client.isRefused())
        }
        #expect(handler.requests.isEmpty)
        server.stop(within: 1)
    }

    @Test("A line that is no field line in a later request ends the connection too", arguments: [1, 2, 5])
    func later(before: Int) async throws {
        let handler = TestHandler(always: response("seen"))
        let server = try serve(handler)
        let wrong = [" folded\r\n\r\n", ":\n", "X : x\r\n\r\n"].map { "\(Self.line)\(Self.host)A: b\r\n\($0)" }
        for wrong in wrong {
            let client = try Client(port: server.boundPort)
            client.send(String(repeating: post("/", "Hi"), count: before) + wrong + get("/smuggled"))
            for _ in 0..<before { #expect(try await client.receive().status == 200) }
            #expect(await client.isRefused())
        }
        #expect(handler.requests.count == 3 * before && !handler.requests.contains { $0.method == .get })
        server.stop(within: 1)
    }

    @Test(
        "A request of HTTP/1.1 needs exactly one valid Host",
        arguments: [
            "", "Host:\r\n", "Host: \r\n", "Host: a b\r\n", "Host: a, b\r\n", "Host: a,b\r\n", "Host: a/b\r\n",
            "Host: u@a\r\n", "Host: :80\r\n",
            "Host: a:b\r\n", "Host: a:65536\r\n", "Host: a:-1\r\n", "Host: [::1\r\n", "Host: []\r\n",
            "Host: [::1]x\r\n", "Host: ::1\r\n",
            "Host: a\r\nHost: a\r\n", "Host: a\r\nhost: b\r\n", "Host: \u{E4}\r\n", "Host: http://a\r\n",
            "Host: a?\r\n", "Host: a#\r\n",
        ])
    func badHost(fields: String) async throws {
        let handler = TestHandler(always: response("seen"))
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        client.send("GET / HTTP/1.1\r\n\(fields)\r\n" + get("/next"))
        #expect(await client.isRefused())
        #expect(handler.requests.isEmpty)
        server.stop(within: 1)
    }

    @Test(
        "Host may be a name or an address, with or without a port",
        arguments: [
            "test", "a.example", "A-b.example:8080", "127.0.0.1:80", "[::1]", "[::1]:65535", "[fe80::1%25eth0]:1",
            "my_service:", "xn--bcher-kva.example",
            "a%2Db",
        ])
    func host(name: String) async throws {
        let server = try serve(TestHandler(always: response("seen")))
        let client = try Client(port: server.boundPort)
        for blanks in ["", " ", " \t "] {
            #expect(try await client.exchange("GET / HTTP/1.1\r\nhOsT:\(blanks)\(name)\(blanks)\r\n\r\n").status == 200)
        }
        server.stop(within: 1)
    }

    @Test("A request of HTTP/1.0 needs no Host, but one that it has must be valid")
    func oldVersion() async throws {
        let server = try serve(TestHandler(always: response("seen")))
        #expect(try await Client(port: server.boundPort).exchange("GET / HTTP/1.0\r\n\r\n").status == 200)
        #expect(try await Client(port: server.boundPort).exchange("GET / HTTP/1.0\r\nHost: a b\r\n\r\n").status == 400)
        server.stop(within: 1)
    }

    @Test("A length and a port may have leading zeros, which count for nothing")
    func leadingZeros() async throws {
        let handler = TestHandler(always: response("seen"))
        let server = try serve(handler)
        for zeros in ["", "0", String(repeating: "0", count: 30)] {
            let client = try Client(port: server.boundPort)
            let head = "POST / HTTP/1.1\r\nHost: test:\(zeros)80\r\nContent-Length: \(zeros)2\r\n\r\n"
            #expect(try await client.exchange(head + "Hi").status == 200)
        }
        #expect(handler.requests.map(\.body) == Array(repeating: Array("Hi".utf8), count: 3))
        server.stop(within: 1)
    }

    @Test("Line feeds alone end lines, and empty lines before a request are passed over, in one piece and in many")
    func lenient() async throws {
        let handler = TestHandler(always: response("seen"))
        let server = try serve(handler)
        let text = get("/", "X-User-ID: \t alice \t\r\nContent-Length: 2\r\n", method: "POST") + "Hi"
        for text in [text, text.replacing("\r\n", with: "\n"), "\r\n\r\n\(text)", "\n\(text)\r\n"] {
            let client = try Client(port: server.boundPort)
            for pieces in [1, 2, 7, 1000] {
                client.send(text, pieces: pieces)
                #expect(try await client.receive().status == 200)
            }
        }
        #expect(handler.requests.count == 16)
        #expect(
            handler.requests.allSatisfy {
                $0.body == Array("Hi".utf8) && $0.fields[.userID] == Array("alice".utf8)[...]
            })
        server.stop(within: 1)
    }

    @Test("Only versions of the library whose way with heads is known are served with")
    func libraries() {
        for version in ["0.9.75", "0.9.76", "0.9.77", "1.0.0", "1.0.1", "1.0.12"] {
            #expect(HTTPLibrary.isKnown(version))
        }
        for version in [
            "", "0.9.74", "0.9.74-1", "0.9.7", "0.8.99", "1.1.0", "2.0.0", "1.0", "1.0.x", "0.9.-75", "1.0.1.2",
            "10.0.1",
        ] {
            #expect(!HTTPLibrary.isKnown(version))
        }
    }
}
