import Foundation
import HTTP
import MessagingHTTP
import StoreTestSupport
import Testing

/// Text that means something to a database, a path or a header, in every place where text can stand.
@Suite(.onEachStore)
struct HostileTextTests {
    private static let texts = [
        "'; DROP TABLE messages; --", "\" OR \"\"=\"", "1 OR 1=1", "') UNION SELECT secret FROM users --",
        "%' OR '1'='1", "a%_b", "?1", ":id",
        "$id", "@id", "x'00'", "NULL", "../../../etc/passwd", "..\\..\\", "<script>alert(1)</script>", "\u{202E}gnp",
        "a\u{301}", "á",
        "é", "e\u{301}", "😀", "\u{FFFD}", "x\u{FEFF}y", "ﬀ", "İ", "ı", "K", "K",
    ]

    @Test("SQL and other grammars in every string come back as they were, and do nothing", arguments: texts)
    func everywhere(text: String) async throws {
        let bench = try Bench()
        _ = await bench.answer(.send(tenant: text, to: "other", "{\"content\":\"untouched\",\"receiverId\":\"bob\"}"))
        let id = try #require(text.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let json = String(
            decoding: try JSONSerialization.data(withJSONObject: [
                "content": text, "receiverId": "to \(text)", "clientMessageId": text, "senderId": text,
            ]), as: UTF8.self)
        let ask = Ask.send(
            tenant: text, user: text, to: id == "%40id" ? "x\(id)" : id, json,
            [(.userName, text), (.userCompany, text)])
        let sent = await bench.answer(ask)
        #expect(sent.status == 201, "\(sent.text)")
        let message = try #require(sent.json as? [String: Any])
        for (member, expected) in [
            ("content", text), ("senderId", text), ("receiverId", "to \(text)"), ("clientMessageId", text),
        ] {
            #expect(Array((message[member] as? String ?? "").utf8) == Array(expected.utf8), "\(member)")
        }
        #expect(await bench.answer(ask).value(of: "Idempotency-Replayed") == "true")
        let path = ask.path
        let thread = await bench.answer(Ask(tenant: text, user: "to \(text)", path: path))
        #expect((thread.json as? [Any])?.count == 1)
        let list = await bench.answer(Ask(tenant: text, user: "to \(text)", path: Ask.list))
        #expect((list.json as? [[String: Any]])?.first?["company"] as? String == text)
        let read = await bench.answer(
            Ask(
                method: .put, tenant: text, user: "to \(text)",
                path: path.replacing("/messages", with: "/read").replacing("/api/read", with: "/api/messages")))
        #expect(read.status == 200, "\(read.text)")
        let untouched = await bench.answer(Ask(tenant: text, path: Ask.thread("other")))
        #expect(untouched.text.contains("untouched"))
        let next = try #require(thread.value(of: "Link"))
        #expect(next.utf8.allSatisfy { (0x20...0x7E).contains($0) })
    }

    @Test("Ids that are equal to Swift but not in bytes are different ids")
    func canonical() async {
        for (one, other) in [("\u{E9}", "e\u{301}"), ("\u{212B}", "\u{C5}"), ("\u{2126}", "\u{3A9}")] {
            let bench = try? Bench()
            let json = "{\"content\":\"Hi\",\"receiverId\":\"bob\"}"
            _ = await bench?.answer(.send(tenant: one, user: one, to: "c", json))
            for (tenant, user) in [(other, one), (one, other), (other, other)] {
                let answer = await bench?.answer(Ask(tenant: tenant, user: user, path: Ask.thread("c")))
                #expect(answer?.problem == "conversation-not-found")
                #expect(await bench?.answer(Ask(tenant: tenant, user: user, path: Ask.list)).text == "[]")
            }
        }
    }

    @Test("No answer carries a control character in a field, whatever the path and the query hold")
    func injection() async {
        let bench = try? Bench()
        for part in ["%0d%0aX-Evil:%201", "%0a", "%0d", "%00", "a%00b", "%7f", "%c2%85", "%e2%80%a8", "%1b%5b31m"] {
            for path in [
                Ask.thread(part), Ask.list + "/\(part)/read", Ask.list + "?since=\(part)",
                Ask.thread("x", "?before=\(part)"), Ask.thread("@\(part)"),
            ] {
                for method in [HTTP.Method.get, .post, .put, .options] {
                    guard let answer = await bench?.answer(Ask(method: method, path: path)) else { continue }
                    #expect(answer.status >= 400 || method == .options || answer.text == "[]", "\(path)")
                    for field in answer.fields {
                        #expect(field.value.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(field) at \(path)")
                    }
                }
            }
        }
    }
}
