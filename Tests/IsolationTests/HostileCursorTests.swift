import MessagingHTTP
import Testing

/// Cursors that nobody was given.
struct HostileCursorTests {
    private static let big = ["9223372036854775806", "9223372036854775807"]
    private static let tooBig = ["9223372036854775808", "18446744073709551616", String(repeating: "9", count: 5000)]

    @Test("A forged cursor is malformed or gone, and never shows anything")
    func forged() async throws {
        let bench = try Bench()
        _ = await bench.answer(.send(to: "c-1", "{\"content\":\"secret\",\"receiverId\":\"bob\"}"))
        let epoch = bench.store.epoch.text
        for parameter in ["since", "before"] {
            for number in Self.big {
                for cursor in [
                    "\(epoch).\(number).0.0", "\(epoch).0.\(number).0", "\(epoch).0.0.\(number)", number,
                    "c-1:\(number)",
                ] {
                    let answer = await bench.answer(Ask(path: Ask.thread("c-1", "?\(parameter)=\(cursor)")))
                    #expect(answer.problem == "cursor-expired", "\(parameter)=\(cursor)")
                }
                #expect(
                    await bench.answer(Ask(path: "\(Ask.list)?\(parameter)=\(epoch).\(number)")).problem
                        == "cursor-expired")
            }
            for number in Self.tooBig + ["-1", "+1", "01", "1.5", "1e3", "0x1", "%20", "", "٣", "1%00"] {
                for cursor in ["\(epoch).\(number).0.0", "\(epoch).0.0.\(number)", "c-1:\(number)", "\(number).0.0.0"] {
                    let answer = await bench.answer(Ask(path: Ask.thread("c-1", "?\(parameter)=\(cursor)")))
                    #expect(
                        ["malformed-cursor", "cursor-expired"].contains(answer.problem),
                        "\(parameter)=\(cursor.prefix(80))")
                }
                let answer = await bench.answer(Ask(path: "\(Ask.list)?\(parameter)=\(epoch).\(number)"))
                #expect(answer.problem == "malformed-cursor", "\(parameter)=\(number.prefix(80))")
            }
            for cursor in [
                "", ".", "...", "....", epoch, "\(epoch).", "\(epoch).1.1.1.1", "\(epoch.uppercased()).1.0.0", "c-2:1",
                "c-1:0", "c-1:",
            ] {
                let answer = await bench.answer(Ask(path: Ask.thread("c-1", "?\(parameter)=\(cursor)")))
                #expect(answer.problem == "malformed-cursor", "\(parameter)=\(cursor)")
            }
        }
    }

    @Test("A cursor of another user counts as a position of one's own, or is gone, and shows only what is one's own")
    func borrowed() async throws {
        let bench = try Bench()
        for (user, id, receiver) in [("alice", "c-1", "bob"), ("alice", "c-2", "carol"), ("dave", "c-3", "erin")] {
            _ = await bench.answer(
                .send(user: user, to: id, "{\"content\":\"in \(id)\",\"receiverId\":\"\(receiver)\"}"))
        }
        for giver in ["alice", "bob", "carol", "dave"] {
            let list = try #require(await bench.answer(Ask(user: giver, path: Ask.list)).value(of: "X-Cursor"))
            for taker in ["bob", "carol", "erin", "mallory"] {
                let answer = await bench.answer(Ask(user: taker, path: "\(Ask.list)?since=\(list)"))
                #expect(answer.status == 200 || answer.problem == "cursor-expired")
                for (id, members) in [("c-1", "alice bob"), ("c-2", "alice carol"), ("c-3", "dave erin")]
                where !members.contains(taker) {
                    #expect(!answer.text.contains("in \(id)"))
                }
            }
        }
    }

    @Test("Every cursor of another epoch is gone, for lists and conversations, forwards and backwards")
    func otherEpoch() async throws {
        let (one, two) = (try Bench(), try Bench())
        for bench in [one, two] {
            _ = await bench.answer(.send(to: "c-1", "{\"content\":\"Hi\",\"receiverId\":\"bob\"}"))
        }
        for path in [Ask.list, Ask.thread("c-1")] {
            let cursor = try #require(await one.answer(Ask(path: path)).value(of: "X-Cursor"))
            for parameter in ["since", "before"] {
                #expect(await two.answer(Ask(path: "\(path)?\(parameter)=\(cursor)")).problem == "cursor-expired")
            }
        }
    }
}
