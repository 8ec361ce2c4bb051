import HTTP
import Messaging
import StoreTestSupport
import TestSupport
import Testing

@testable import MessagingHTTP

/// A service with a real store and index, and with polls that wait.
final class WaitingBench: Sendable {
    static let list = "/api/messages/conversations"
    static let one = list + "/conv"
    static let messages = one + "/messages"

    let service: MessagingService
    let store: any Store
    private let home: StoreHome

    /// Has a conversation `conv` of alice and bob with three messages, and one of alice and carol.
    init(
        identity: any Identity = DemoIdentity(), indexCapacity: Int = 1000,
        _ change: (inout ServiceSettings) -> Void = { _ in }
    ) async throws {
        home = try StoreHome()
        let index = FreshnessIndex(capacity: indexCapacity)
        store = try home.open(observer: index)
        var settings = ServiceSettings()
        change(&settings)
        service = Self.service(store, index, identity, settings)
        let writer = Self.service(store, index, DemoIdentity(), ServiceSettings())
        for (conversation, other) in [("conv", "bob"), ("other", "carol")] {
            for n in 1...3 {
                let sent = await writer.answer(Self.sending("alice", conversation, "text \(n)", to: other))
                try #require(sent.status == 201)
            }
        }
    }

    deinit { store.close() }

    /// The same store behind a service that has nothing in memory.
    func restarted() -> MessagingService {
        Self.service(store, FreshnessIndex(capacity: 10), DemoIdentity(), ServiceSettings())
    }

    private static func service(
        _ store: any Store, _ index: FreshnessIndex, _ identity: any Identity, _ settings: ServiceSettings
    ) -> MessagingService {
        MessagingService(
            store: store, index: index, identity: identity, settings: settings,
            environment: ServiceEnvironment(
                now: { noon }, ticks: { 0 }, makeConversationID: { ConversationID(trusted: "c-new") }, log: { _ in }))
    }

    private static func sending(_ user: String, _ conversation: String, _ content: String, to other: String) -> Request
    {
        request(
            .post, "\(list)/\(conversation)/messages", [(.userID, user), (.contentType, "application/json")],
            body: Array("{\"content\":\"\(content)\",\"receiverId\":\"\(other)\"}".utf8))
    }

    func send(_ user: String = "bob", to conversation: String = "conv", _ content: String = "news") async throws {
        let fields: [(RequestField, String)] = [(.userID, user), (.contentType, "text/plain")]
        let sent = await service.answer(
            request(.post, "\(Self.list)/\(conversation)/messages", fields, body: Array(content.utf8)))
        try #require(sent.status == 201)
    }

    func read(_ user: String, _ conversation: String = "conv") async throws {
        let read = await service.answer(request(.put, "\(Self.list)/\(conversation)/read", [(.userID, user)]))
        try #require(read.status == 200)
    }

    func rename(_ user: String, _ name: String) async throws {
        try await store.setPerson(Person(id: UserID(trusted: user), name: name, company: nil), tenant: .none)
    }

    static func poll(
        _ target: String, as user: String = "alice", tag: String? = nil, prefer: String? = "wait=30",
        method: HTTP.Method = .get
    ) -> Request {
        request(
            method, target,
            [(.userID, user)] + (tag.map { [(.ifNoneMatch, $0)] } ?? []) + (prefer.map { [(.prefer, $0)] } ?? []))
    }

    func get(_ request: Request) async -> Response { await service.answer(request) }

    /// A poll that has everything there is.
    func idlePoll(
        _ view: WaitingTests.View, as user: String = "alice", prefer: String? = "wait=30"
    ) async throws -> Request {
        let known = await get(Self.poll(view.path, as: user, prefer: nil))
        try #require(known.status == 200)
        guard view.isDelta else { return Self.poll(view.path, as: user, tag: known.value(of: "ETag"), prefer: prefer) }
        let cursor = try #require(known.value(of: "X-Cursor"))
        let separator = view.path.contains("?") ? "&" : "?"
        return Self.poll("\(view.path)\(separator)since=\(cursor)", as: user, prefer: prefer)
    }

    func start(_ request: Request) -> WaitingExchange { WaitingExchange(request, by: service) }

    /// A poll that waits.
    func waiter(
        _ view: WaitingTests.View = .messages, as user: String = "alice", prefer: String = "wait=30"
    ) async throws -> WaitingExchange {
        let waiter = start(try await idlePoll(view, as: user, prefer: prefer))
        try #require(await waiter.wait() != nil, "\(view) does not wait")
        return waiter
    }
}
