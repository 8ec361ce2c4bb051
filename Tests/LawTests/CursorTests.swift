import Messaging
import StoreTestSupport
import Testing

/// What becomes of cursors where the store is not the one they came from, or was not asked in the usual order.
@Suite(.onEachStore)
struct CursorTests {
    private static let list = "/api/messages/conversations"
    private static let thread = "/api/messages/conversations/c-1/messages"

    @Test("Going on from an older page of the list misses nothing that changed since the newest page")
    func olderPage() async throws {
        let server = try Server(home: StoreHome(), indexCapacity: 10, clock: Server.Clock())
        defer { server.store.close() }
        for number in 1...3 { try await Self.send("c-\(number)", server) }
        let newest = await server.answer(TestRequest(user: "ann", url: "\(Self.list)?limit=1"))
        try await Self.send("c-3", server)
        let older = await server.answer(TestRequest(user: "ann", url: try #require(newest.link("prev"))))
        #expect(try parse([WireConversation].self, older.body).map(\.id) == ["c-2"])
        let delta = await server.answer(TestRequest(user: "ann", url: try #require(older.link("next"))))
        #expect(try parse([WireConversation].self, delta.body).map(\.id) == ["c-3"])
    }

    @Test("A cursor of a commit that memory has not learned of yet is not refused")
    func aheadOfMemory() async throws {
        let server = try Server(home: StoreHome(), indexCapacity: 10, clock: Server.Clock(), isDeaf: true)
        defer { server.store.close() }
        try await Self.send("c-1", server)
        for url in [Self.list, Self.thread] { _ = await server.answer(TestRequest(user: "ann", url: url)) }
        try await Self.send("c-1", server)
        for url in [Self.list, Self.thread] {
            let fresh = await server.freshAnswer(TestRequest(user: "ann", url: url))
            let delta = await server.answer(TestRequest(user: "ann", url: try #require(fresh.link("next"))))
            #expect(delta.status == 200)
            #expect(delta.text == "[]")
            #expect(delta.cursor == fresh.cursor)
        }
    }

    @Test("Cursors of another epoch are gone, and so are cursors ahead of the store", arguments: [1, 10])
    func gone(indexCapacity: Int) async throws {
        let clock = Server.Clock()
        let before = try Server(home: StoreHome(), indexCapacity: indexCapacity, clock: clock)
        let after = try Server(home: StoreHome(), indexCapacity: indexCapacity, clock: clock)
        defer {
            before.store.close()
            after.store.close()
        }
        for server in [before, after] { try await Self.send("c-1", server) }
        let (epoch, key, ann) = (after.store.epoch, after.store.cursorKey, Caller(user: UserID(trusted: "ann")))
        let now = MessageCursor(
            epoch: epoch, view: key.view(of: ConversationID(trusted: "c-1"), by: ann),
            marks: ReadMarks(latest: 1, othersReadUpTo: 0, viewerReadUpTo: 0))
        #expect(await after.answer(TestRequest(user: "ann", url: Self.thread)).cursor == now.text)
        let marks = [(9, 0, 0), (1, 1, 0), (1, 0, 1)].map {
            ReadMarks(latest: $0.0, othersReadUpTo: $0.1, viewerReadUpTo: $0.2)
        }
        let change = try await after.store.latestChange(for: ann) + 8
        let ahead =
            [(Self.list, ListCursors(of: ann, epoch: epoch, key: key).text(at: change))]
            + marks.map { (Self.thread, now.at($0).text) }
        for (url, tooFar) in ahead {
            let old = await before.answer(TestRequest(user: "ann", url: url))
            let cursor = try #require(old.cursor)
            #expect(await after.answer(TestRequest(user: "ann", url: url, ifNoneMatch: old.etag)).status == 200)
            // Once with nothing in memory, and once with everything.
            for _ in 0..<2 {
                for parameter in ["since", "before"] {
                    let gone = await after.answer(TestRequest(user: "ann", url: "\(url)?\(parameter)=\(cursor)"))
                    #expect(gone.status == 410)
                    #expect(gone.text.contains("urn:postbox:problem:cursor-expired"))
                    #expect(
                        await after.answer(TestRequest(user: "ann", url: "\(url)?\(parameter)=\(tooFar)")).status == 410
                    )
                }
            }
        }
    }

    /// Sends a message from Ann to Ben.
    private static func send(_ id: String, _ server: Server) async throws {
        let answer = await server.answer(
            TestRequest(
                method: .post, user: "ann", url: Client.path(id, "messages"), contentType: "application/json",
                body: try json(["content": "Hello!", "receiverId": "ben"])))
        #expect(answer.status == 201)
    }
}
