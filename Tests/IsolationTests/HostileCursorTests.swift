import Messaging
import MessagingHTTP
import StoreTestSupport
import Testing

/// Cursors that nobody was given.
@Suite(.onEachStore)
struct HostileCursorTests {
    private static let big = ["9223372036854775806", "9223372036854775807"]
    private static let tooBig = ["9223372036854775808", "18446744073709551616", String(repeating: "9", count: 5000)]

    @Test("A forged cursor is malformed or gone, and never shows anything")
    func forged() async throws {
        let bench = try Bench()
        _ = await bench.answer(.send(to: "c-1", "{\"content\":\"secret\",\"receiverId\":\"bob\"}"))
        let epoch = bench.store.epoch.text
        let mine = try #require(await bench.answer(Ask(path: Ask.thread("c-1"))).value(of: "X-Cursor"))
        let view = try #require(mine.split(separator: ".").dropFirst().first)
        let list = ListCursors(
            of: Caller(user: UserID(trusted: "alice")), epoch: bench.store.epoch, key: bench.store.cursorKey)
        for parameter in ["since", "before"] {
            for number in Self.big {
                for cursor in [
                    "\(epoch).\(view).\(number).0.0", "\(epoch).\(view).0.\(number).0",
                    "\(epoch).\(view).0.0.\(number)",
                    "\(epoch).\(view).1.0.0.\(number)", number, "c-1:\(number)", "\(epoch).\(number).0.0",
                ] {
                    let answer = await bench.answer(Ask(path: Ask.thread("c-1", "?\(parameter)=\(cursor)")))
                    #expect(answer.problem == "cursor-expired", "\(parameter)=\(cursor)")
                }
                for cursor in [list.text(at: Int64(number) ?? 0), "\(epoch).\(number)", "\(epoch).aaaaaaaaaaaaa"] {
                    let answer = await bench.answer(Ask(path: "\(Ask.list)?\(parameter)=\(cursor)"))
                    #expect(answer.problem == "cursor-expired", "\(parameter)=\(cursor)")
                }
            }
            for number in Self.tooBig + ["-1", "+1", "01", "1.5", "1e3", "0x1", "%20", "", "٣", "1%00"] {
                for cursor in [
                    "\(epoch).\(view).\(number).0.0", "\(epoch).\(view).0.0.\(number)",
                    "\(epoch).\(view).1.0.0.\(number)",
                    "c-1:\(number)", "\(epoch).\(number).0.0", "\(number).\(view).0.0.0", "\(number).0.0.0",
                ] {
                    let answer = await bench.answer(Ask(path: Ask.thread("c-1", "?\(parameter)=\(cursor)")))
                    #expect(
                        ["malformed-cursor", "cursor-expired"].contains(answer.problem),
                        "\(parameter)=\(cursor.prefix(80))")
                }
                let answer = await bench.answer(Ask(path: "\(Ask.list)?\(parameter)=\(epoch).\(number)"))
                #expect(answer.problem == "malformed-cursor", "\(parameter)=\(number.prefix(80))")
            }
            for cursor in [
                "", ".", "...", "....", epoch, "\(epoch).", "\(epoch).1.1.1.1", "\(epoch.uppercased()).\(view).1.0.0",
                "c-2:1",
                "c-1:0", "c-1:", list.text(at: 1), "\(mine).0", "\(mine).", "\(mine).1.1", "\(mine)%00", "\(mine)%20",
            ] {
                let answer = await bench.answer(Ask(path: Ask.thread("c-1", "?\(parameter)=\(cursor)")))
                #expect(answer.problem == "malformed-cursor", "\(parameter)=\(cursor)")
            }
        }
    }

    @Test("A cursor of another conversation is malformed, in both directions, whoever the others in it are")
    func otherConversation() async throws {
        let bench = try Bench()
        for (id, receiver) in [("a", "bob"), ("b", "bob"), ("c", "carol"), ("@bob", "bob")] {
            for number in 1...3 {
                let json = "{\"content\":\"\(number) in \(id)\",\"receiverId\":\"\(receiver)\"}"
                #expect(await bench.answer(.send(to: id, json)).status == 201)
            }
        }
        let ids = ["a", "b", "c", "@bob"]
        for from in ids {
            let cursor = try #require(
                await bench.answer(Ask(path: Ask.thread(from, "?since=0&limit=1"))).value(of: "X-Cursor"))
            for to in ids {
                for parameter in ["since", "before"] {
                    // Once from the store, and once with everything in memory.
                    for _ in 0..<2 {
                        let answer = await bench.answer(Ask(path: Ask.thread(to, "?\(parameter)=\(cursor)")))
                        #expect(answer.problem == (from == to ? nil : "malformed-cursor"), "\(from) \(to) \(parameter)")
                    }
                }
            }
        }
    }

    @Test("A cursor of a direct conversation is good under its id and under @user")
    func alias() async throws {
        let bench = try Bench()
        let sent = await bench.answer(.send(to: "@bob", "{\"content\":\"Hi\"}"))
        let message = try #require(sent.json as? [String: Any])
        let id = try #require(message["conversationId"] as? String)
        let cursor = try #require(await bench.answer(Ask(path: Ask.thread("@bob"))).value(of: "X-Cursor"))
        let answer = await bench.answer(Ask(path: Ask.thread(id, "?since=\(cursor)")))
        #expect(answer.text == "[]" && answer.value(of: "X-Cursor") == cursor)
    }

    @Test(
        "A cursor of somebody else in the same conversation is gone, so that an app in which users take turns starts over"
    )
    func otherViewer() async throws {
        let bench = try Bench()
        for _ in 1...3 {
            _ = await bench.answer(.send(to: "c-1", "{\"content\":\"Hi\",\"participantIds\":[\"bob\",\"carol\"]}"))
        }
        for giver in ["alice", "bob", "carol"] {
            let cursor = try #require(
                await bench.answer(Ask(user: giver, path: Ask.thread("c-1", "?since=0&limit=2"))).value(of: "X-Cursor"))
            for taker in ["alice", "bob", "carol"] {
                for parameter in ["since", "before"] {
                    let answer = await bench.answer(
                        Ask(user: taker, path: Ask.thread("c-1", "?\(parameter)=\(cursor)")))
                    #expect(answer.problem == (giver == taker ? nil : "cursor-expired"))
                }
            }
        }
    }

    @Test("A list cursor of another user is gone")
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
                #expect(answer.problem == (giver == taker ? nil : "cursor-expired"), "\(giver) to \(taker)")
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
