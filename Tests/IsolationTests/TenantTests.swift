import Messaging
import MessagingHTTP
import StoreTestSupport
import Testing

/// Two tenants with the same users and the same conversation ids are strangers.
@Suite(.onEachStore)
struct TenantTests {
    private let bench: Bench
    private static let tenants: [String?] = [nil, "one", "two", "One", "one "]

    init() async throws {
        bench = try Bench()
        for tenant in Self.tenants {
            let json = "{\"content\":\"of \(tenant ?? "none")\",\"receiverId\":\"bob\"}"
            let sent = await bench.answer(.send(tenant: tenant, to: "c-1", json, [(.idempotencyKey, "key-1")]))
            #expect(sent.status == 201)
            #expect(sent.value(of: "Idempotency-Replayed") == nil)
        }
    }

    @Test("A user sees only the messages of their own tenant, in the list and in the conversation")
    func reading() async {
        for tenant in Self.tenants {
            for user in ["alice", "bob"] {
                for path in [Ask.list, Ask.thread("c-1"), "\(Ask.list)/c-1", "\(Ask.list)/\(user)"] {
                    let answer = await bench.answer(Ask(tenant: tenant, user: user, path: path))
                    #expect(answer.status == 200)
                    for other in Self.tenants {
                        #expect(answer.text.contains("\"of \(other ?? "none")\"") == (other == tenant))
                    }
                }
            }
        }
    }

    @Test("Entity tags of the same state differ between tenants, and match nothing of another")
    func tags() async {
        for path in [
            Ask.list, Ask.thread("c-1"), Ask.thread("c-1", "?limit=5"), Ask.list + "?messages=0", Ask.list + "/alice",
            Ask.list + "/c-1",
        ] {
            var tags: [String] = []
            for tenant in Self.tenants {
                tags.append(await bench.answer(Ask(tenant: tenant, path: path)).value(of: "ETag") ?? "")
            }
            #expect(Set(tags).count == Self.tenants.count)
            for (place, tenant) in Self.tenants.enumerated() {
                for (other, tag) in tags.enumerated() {
                    let answer = await bench.answer(Ask(tenant: tenant, path: path, fields: [(.ifNoneMatch, tag)]))
                    #expect(answer.status == (other == place ? 304 : 200))
                }
            }
        }
    }

    @Test("A change in one tenant changes no tag, cursor, unread count or read mark in another")
    func changes() async {
        let before = await picture(of: "two")
        _ = await bench.answer(.send(tenant: "one", user: "bob", to: "c-1", "{\"content\":\"Again\"}"))
        _ = await bench.answer(.read(tenant: "one", "c-1"))
        _ = await bench.answer(.send(tenant: "one", to: "@bob", "{\"content\":\"Direct\"}"))
        _ = await bench.answer(
            Ask(tenant: "one", path: Ask.list, fields: [(.userName, "Alice A."), (.userCompany, "Acme")]))
        #expect(await picture(of: "two") == before)
        #expect(await bench.answer(Ask(tenant: "one", user: "bob", path: Ask.list)).text.contains("Alice A."))
    }

    @Test("A user of that name in another tenant makes no recipient ambiguous, and a conversation there is none")
    func recipients() async {
        _ = await bench.answer(.send(tenant: "one", to: "c-2", "{\"content\":\"Hi\",\"receiverId\":\"zed\"}"))
        _ = await bench.answer(
            .send(tenant: "two", user: "carol", to: "zed", "{\"content\":\"Hi\",\"receiverId\":\"alice\"}"))
        func receiver(_ tenant: String, _ recipient: String) async -> (conversation: String?, receiver: String?) {
            let answer = await bench.answer(
                .send(tenant: tenant, "{\"content\":\"Hi\",\"recipientId\":\"\(recipient)\"}"))
            let message = answer.json as? [String: Any]
            return (message?["conversationId"] as? String, message?["receiverId"] as? String)
        }
        #expect(await receiver("two", "zed") == ("zed", "carol"))
        #expect(await receiver("one", "zed").receiver == "zed")
        #expect(await receiver("One", "c-2").receiver == "c-2")
    }

    private func picture(of tenant: String) async -> [String] {
        var picture: [String] = []
        for user in ["alice", "bob"] {
            for path in [
                Ask.list, Ask.thread("c-1"), Ask.thread("@alice"), Ask.thread("@bob"), "\(Ask.list)/c-1",
                "\(Ask.list)/alice", "\(Ask.list)/@bob",
            ] {
                picture.append(await bench.answer(Ask(tenant: tenant, user: user, path: path)).everything)
            }
        }
        return picture
    }

    @Test("A cursor of another tenant shows nothing of it, and is gone")
    func cursors() async throws {
        for _ in 0..<3 { _ = await bench.answer(.send(tenant: "one", to: "c-1", "{\"content\":\"More\"}")) }
        for path in [Ask.list, Ask.thread("c-1")] {
            let cursor = try #require(await bench.answer(Ask(tenant: "one", path: path)).value(of: "X-Cursor"))
            for parameter in ["since", "before"] {
                let answer = await bench.answer(Ask(tenant: "two", path: "\(path)?\(parameter)=\(cursor)"))
                #expect(answer.status == 410)
                #expect(!answer.text.contains("of one"))
            }
        }
    }

    @Test("An idempotency key belongs to one user of one tenant in one conversation")
    func keys() async {
        let again = await bench.answer(
            .send(
                tenant: "one", to: "c-1", "{\"content\":\"of one\",\"receiverId\":\"bob\"}",
                [(.idempotencyKey, "key-1")]))
        #expect(again.value(of: "Idempotency-Replayed") == "true")
        let bob = await bench.answer(
            .send(tenant: "one", user: "bob", to: "c-1", "{\"content\":\"of bob\"}", [(.idempotencyKey, "key-1")]))
        #expect(bob.status == 201)
        #expect(bob.value(of: "Idempotency-Replayed") == nil)
        let other = await bench.answer(
            .send(tenant: "two", to: "c-1", "{\"content\":\"else\"}", [(.idempotencyKey, "key-1")]))
        #expect(other.problem == "idempotency-conflict")
    }

    @Test("The direct conversation with a user is a different one in each tenant")
    func direct() async throws {
        var ids: Set<String> = []
        for tenant in Self.tenants {
            let sent = await bench.answer(
                .send(tenant: tenant, to: "@carol", "{\"content\":\"Hi from \(tenant ?? "none")\"}"))
            let message = try #require(sent.json as? [String: Any])
            ids.insert(try #require(message["conversationId"] as? String))
            let seen = await bench.answer(Ask(tenant: tenant, user: "carol", path: Ask.thread("@alice")))
            #expect((seen.json as? [Any])?.count == 1)
            #expect(seen.text.contains("Hi from \(tenant ?? "none")\""))
        }
        #expect(ids.count == Self.tenants.count)
        let stranger = await bench.answer(Ask(tenant: "three", user: "carol", path: Ask.thread("@alice")))
        #expect(stranger.problem == "conversation-not-found")
    }

    @Test("Tenant and user do not run into each other: a|bc is not ab|c")
    func boundaries() async {
        _ = await bench.answer(.send(tenant: "ab", user: "c", to: "x", "{\"content\":\"hidden\",\"receiverId\":\"d\"}"))
        let one = await bench.answer(Ask(tenant: "ab", user: "c", path: Ask.list))
        for (tenant, user) in [("a", "bc"), ("abc", "c"), ("a", "b\u{301}c"), ("", "abc")] {
            let other = await bench.answer(Ask(tenant: tenant, user: user, path: Ask.list))
            #expect(other.text == "[]")
            #expect(other.value(of: "ETag") != one.value(of: "ETag"))
        }
    }
}
