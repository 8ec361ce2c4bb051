import HTTP
import MessagingHTTP
import StoreTestSupport
import Testing

/// That a page of an allowed origin can read every answer, and a page of another none.
@Suite(.onEachStore)
struct CORSTests {
    private static let origin = "https://app.example"
    private let bench: Bench

    init() async throws {
        bench = try Bench { settings in
            settings.cors = CORSPolicy(origins: [Self.origin])
            settings.limits.sends = RateLimit(name: "sends", perSecond: 0.001, burst: 1)
        }
    }

    /// One request for each kind of answer.
    private func answers(from origin: String) async -> [(Int, Response)] {
        let fields: [(RequestField, String)] = [(.origin, origin)]
        let tag = await bench.answer(Ask(path: Ask.list)).value(of: "ETag") ?? ""
        let user = "sender of \(origin)"
        var answers: [(Int, Response)] = []
        for (status, ask) in [
            (200, Ask(path: Ask.list, fields: fields)), (200, Ask(method: .head, path: Ask.list, fields: fields)),
            (304, Ask(path: Ask.list, fields: fields + [(.ifNoneMatch, tag)])),
            (
                201,
                .send(user: user, to: "t-\(origin.utf8.count)", "{\"content\":\"Hi\",\"receiverId\":\"bob\"}", fields)
            ),
            (
                429,
                .send(user: user, to: "t-\(origin.utf8.count)", "{\"content\":\"Hi\",\"receiverId\":\"bob\"}", fields)
            ),
            (400, Ask(path: Ask.list + "?limit=0", fields: fields)),
            (401, Ask(user: nil, path: Ask.list, fields: fields)),
            (404, Ask(path: Ask.thread("none"), fields: fields)), (404, Ask(path: "/", fields: fields)),
            (404, Ask(path: "/ws", fields: fields)), (405, Ask(method: .put, path: Ask.list, fields: fields)),
            (410, Ask(path: Ask.list + "?since=aaaaaaaa.1", fields: fields)),
            (200, Ask(user: nil, path: "/healthz", fields: fields)),
            (200, Ask(user: nil, path: "/readyz", fields: fields)),
            (415, .send(user: "a", to: "t", "{\"content\":\"Hi\"}", fields + [(.contentEncoding, "gzip")])),
            (204, Ask(method: .options, path: Ask.list, fields: fields)),
            (204, Ask(method: .options, path: "/nowhere?limit=%", fields: fields)),
            (404, Ask(path: "/api/messages/nothing", fields: fields)),
        ] as [(Int, Ask)] {
            answers.append((status, await bench.answer(ask)))
        }
        for refusal in [
            TransportRefusal.bodyTooLarge(limit: 1), .ambiguousLength, .malformedHead, .headTooLarge, .tooManyBodies,
            .stopping,
        ] {
            let answer = bench.service.refuse(Ask(path: Ask.list, fields: fields).request, because: refusal)
            answers.append((answer.status, answer))
        }
        return answers
    }

    @Test("Every answer to an allowed origin says so, exposes what it carries and varies by origin")
    func allowed() async throws {
        for (status, answer) in await answers(from: Self.origin) {
            #expect(answer.status == status)
            #expect(answer.value(of: "Access-Control-Allow-Origin") == Self.origin, "\(status)")
            #expect(answer.value(of: "Access-Control-Allow-Credentials") == "true", "\(status)")
            // The browser has those of the 200.
            guard status != 304 else {
                #expect(answer.value(of: "Access-Control-Expose-Headers") == nil)
                continue
            }
            let exposed = try #require(answer.value(of: "Access-Control-Expose-Headers")).split(separator: ", ").map {
                $0.lowercased()
            }
            // What a page may read anyway (the CORS-safelisted response-header names), and what is for the browser.
            let safe = ["content-type", "cache-control", "vary", "allow"]
            for field in answer.fields where !field.name.hasPrefix("Access-Control-") {
                let name = field.name.lowercased()
                #expect(safe.contains(name) || exposed.contains(name), "\(name) on \(status)")
            }
        }
    }

    @Test("Any other origin gets nothing, and every answer varies by origin all the same")
    func others() async {
        for origin in ["https://evil.example", "null", "*", "https://app.example.evil.example"] {
            for (status, answer) in await answers(from: origin) {
                // Nor can it write.
                #expect(answer.status == ([201, 415, 429].contains(status) ? 403 : status))
                #expect(!answer.fields.contains { $0.name.hasPrefix("Access-Control-") }, "\(status) for \(origin)")
                #expect(answer.value(of: "Vary")?.split(separator: ", ").contains("Origin") == true, "\(status)")
            }
        }
    }

    @Test("Vary names each field once that the answer depends on")
    func vary() async {
        for (_, answer) in await answers(from: Self.origin) {
            #expect(
                answer.fields.filter { $0.name == "Vary" }.map(\.value).map {
                    $0.replacing("Accept-Encoding, ", with: "")
                } == ["X-User-ID, X-Tenant-ID, Origin"])
        }
    }

    @Test("A preflight is answered without credentials")
    func preflight() async {
        for path in [
            Ask.list, Ask.list + "?limit=1000", Ask.list + "/", Ask.thread("c-1"), Ask.list + "/c-1/read",
            Ask.list + "/c-1/nothing", Ask.list + "/%FF/messages", "/api/messages/nothing", "/ws", "/ws/1/a/xhr",
            "/nowhere",
        ] {
            let fields: [(RequestField, String)] = [
                (.origin, Self.origin), (.accessControlRequestMethod, "POST"),
                (.accessControlRequestHeaders, "authorization,content-type,idempotency-key,if-none-match"),
            ]
            let answer = await bench.answer(Ask(method: .options, user: nil, path: path, fields: fields))
            #expect(answer.status == 204)
            let methods =
                answer.value(of: "Access-Control-Allow-Methods")?.split(separator: ", ").map(String.init) ?? []
            #expect(
                Set(methods).isSuperset(of: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]), "\(path)")
            #expect(answer.value(of: "Access-Control-Allow-Headers")?.contains("if-none-match") == true)
            #expect(answer.body.isEmpty)
        }
    }
}
