import Foundation
import HTTP
import Messaging
import MessagingHTTP
import StoreTestSupport
import Synchronization
import TestSupport

/// The whole server but for its sockets, behind a gateway: a real store, a real index, the real service.
final class Bench: Sendable {
    let store: any Store
    let service: MessagingService
    private let home: StoreHome
    private let clock = Clock()

    /// Stands still until it is told.
    private final class Clock: Sendable {
        private let seconds = Atomic<Int64>(1)
        var ticks: @Sendable () -> Int64 { { self.seconds.load(ordering: .relaxed) * 1_000_000_000 } }
        func pass(_ seconds: Int64) { self.seconds.add(seconds, ordering: .relaxed) }
    }

    /// Lets time pass, in seconds.
    func pass(_ seconds: Int64) { clock.pass(seconds) }

    private final class Counter: Sendable {
        private let count = Atomic<Int64>(0)
        func next() -> Int64 { count.add(1, ordering: .relaxed).newValue }
    }

    init(
        configure: (inout ServiceSettings) -> Void = { _ in },
        identity: (@Sendable (ProfileUpdates) throws -> any Identity)? = nil
    ) throws {
        home = try StoreHome()
        let index = FreshnessIndex(capacity: 100)
        let store = try home.open(observer: index)
        self.store = store
        var settings = ServiceSettings()
        settings.limits.sends = RateLimit(name: "sends", perSecond: 0, burst: 1)
        settings.limits.openings = RateLimit(name: "openings", perSecond: 0, burst: 1)
        settings.limits.polls = RateLimit(name: "polls", perSecond: 0, burst: 1)
        configure(&settings)
        let (counter, clock) = (Counter(), clock)
        let profileUpdates = ProfileUpdates(capacity: 100, ticks: clock.ticks) { person, tenant in
            (try? await store.setPerson(person, tenant: tenant)) != nil
        }
        service = MessagingService(
            store: store, index: index,
            identity: try identity?(profileUpdates)
                ?? GatewayIdentity(trusted: .loopback, profileUpdates: profileUpdates),
            settings: settings,
            environment: ServiceEnvironment(
                now: { Timestamp(milliseconds: counter.next()) }, ticks: clock.ticks,
                makeConversationID: { ConversationID(trusted: "direct-\(counter.next())") }, log: { _ in }))
    }

    deinit { store.close() }

    func answer(_ request: Request) async -> Response {
        await service.answer(request)
    }

    /// Opens a conversation as the operator does.
    func open(_ id: String, _ users: String...) throws {
        let opening = try NewConversation(
            id: ConversationID(trusted: id), participants: users.map { UserID(trusted: $0) }, isDirect: false)
        _ = try store.open(opening, tenant: .none, at: Timestamp(milliseconds: 0))
    }

    func answer(_ ask: Ask) async -> Response { await answer(ask.request) }
}

/// A request as it comes through the gateway.
struct Ask {
    var method = HTTP.Method.get
    var tenant: String?
    var user: String? = "alice"
    let path: String
    var body: [UInt8] = []
    var fields: [(RequestField, String)] = []

    static let list = "/api/messages/conversations"

    static func thread(_ id: String, _ query: String = "") -> String { "\(list)/\(id)/messages\(query)" }

    var request: Request {
        var lines = RequestFields()
        if let user { lines.append(.userID, user.utf8) }
        if let tenant { lines.append(.tenantID, tenant.utf8) }
        for (field, value) in fields { lines.append(field, value.utf8) }
        return Request(method: method, target: Array(path.utf8), fields: lines, body: body, peer: "127.0.0.1")
    }

    /// A message as JSON.
    static func send(
        tenant: String? = nil, user: String = "alice", to id: String, _ json: String,
        _ fields: [(RequestField, String)] = []
    ) -> Ask {
        Ask(
            method: .post, tenant: tenant, user: user, path: thread(id), body: Array(json.utf8),
            fields: [(.contentType, "application/json")] + fields)
    }

    /// A message to whom or what its JSON names.
    static func send(tenant: String? = nil, user: String = "alice", _ json: String) -> Ask {
        Ask(
            method: .post, tenant: tenant, user: user, path: "/api/messages/send", body: Array(json.utf8),
            fields: [(.contentType, "application/json")])
    }

    static func read(tenant: String? = nil, user: String = "alice", _ id: String, _ json: String = "") -> Ask {
        let fields: [(RequestField, String)] = json.isEmpty ? [] : [(.contentType, "application/json")]
        return Ask(
            method: .put, tenant: tenant, user: user, path: "\(list)/\(id)/read", body: Array(json.utf8), fields: fields
        )
    }
}

extension Response {
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The slug of the problem it is; nil for any other answer.
    var problem: String? {
        guard value(of: "Content-Type") == "application/problem+json",
            let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any],
            object["status"] as? Int == status, let type = object["type"] as? String
        else { return nil }
        return String(type.dropFirst("urn:postbox:problem:".count))
    }

    /// All that a client can see of it.
    var everything: String {
        "\(status)\n\(fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n"))\n\n\(text)"
    }

    var json: Any? { try? JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed) }
}
