import Messaging
import SQLiteStore
import Testing

/// What becomes of cursors where the store is not the one they came from, or was not asked in the usual order.
struct CursorTests {
    private static let list = "/api/messages/conversations"
    private static let thread = "/api/messages/conversations/c-1/messages"

    @Test("Whoever goes on from an older page of the list misses nothing that changed since the newest")
    func olderPage() async throws {
        let folder = try Folder()
        let server = try Server(path: folder.database, indexCapacity: 10, clock: Server.Clock())
        defer { server.store.close() }
        for number in 1...3 { try await Self.send("c-\(number)", server) }
        let newest = await server.answer(Ask(user: "ann", url: "\(Self.list)?limit=1"))
        try await Self.send("c-3", server)
        let older = await server.answer(Ask(user: "ann", url: try #require(newest.link("prev"))))
        #expect(try parse([WireConversation].self, older.body).map(\.id) == ["c-2"])
        let delta = await server.answer(Ask(user: "ann", url: try #require(older.link("next"))))
        #expect(try parse([WireConversation].self, delta.body).map(\.id) == ["c-3"])
    }

    /// Sends a message from Ann to Ben.
    private static func send(_ id: String, _ server: Server) async throws {
        let answer = await server.answer(
            Ask(
                method: .post, user: "ann", url: Client.path(id, "messages"), contentType: "application/json",
                body: try json(["content": "Hello!", "receiverId": "ben"])))
        #expect(answer.status == 201)
    }
}
