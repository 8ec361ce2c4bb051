import Foundation
import HTTP
import Messaging
import Testing

@testable import MessagingHTTP

let alice = UserID(trusted: "alice")
let bob = UserID(trusted: "bob")
let carol = UserID(trusted: "carol")
let talk = ConversationID(trusted: "conv-456")
let k3f9 = Epoch("k3f9") ?? Epoch(random: 0)
let noon = Timestamp(milliseconds: 1_733_049_000_000)

/// The bytes of a text: Swift takes canonically equivalent strings for equal, and most of these tests must not.
func bytes(_ text: String?) -> [UInt8]? {
    text.map { Array($0.utf8) }
}

func text(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
}

/// A request for this machine by name, unless it names another host itself.
func request(
    _ method: HTTP.Method = .get, _ target: String = "/", _ fields: [(RequestField, String)] = [],
    body: [UInt8] = [], peer: String = ""
) -> Request {
    var lines = RequestFields()
    if !fields.contains(where: { $0.0 == .host }) { lines.append(.host, "localhost:8080".utf8) }
    for (field, value) in fields { lines.append(field, value.utf8) }
    return Request(method: method, target: Array(target.utf8), fields: lines, body: body, peer: peer)
}

/// The answer of a service with these documents, which other origins may read.
func documentAnswer(to request: Request, module: ClientModule? = nil, page: WebPage? = nil) -> Response? {
    MessagingService(
        store: MemoryStore(conversation(lastN: 0, (alice, 0), (bob, 0)), messages: []),
        index: FreshnessIndex(capacity: 10), identity: DemoIdentity(),
        settings: ServiceSettings(cors: CORSPolicy(origins: ["https://app.example"])),
        environment: ServiceEnvironment(
            now: { noon }, ticks: { 0 }, makeConversationID: { ConversationID(trusted: "c-new") }, log: { _ in }),
        module: module, page: page
    ).begin(request).response
}

/// The kind of problem something throws; nil where it throws none.
func problem<Value>(_ attempt: () throws -> Value) -> ProblemKind? {
    thrownProblem(attempt)?.kind
}

/// The problem that something throws; nil where it throws none.
func thrownProblem<Value>(_ attempt: () throws -> Value) -> Problem? {
    do {
        _ = try attempt()
        return nil
    } catch {
        return error as? Problem
    }
}

/// A body as Foundation reads it.
func object(_ body: [UInt8]) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
}

func conversation(lastN: Int64, _ readers: (UserID, Int64)...) -> Conversation {
    Conversation(
        id: talk, key: 1, lastN: lastN,
        participants: readers.map { Conversation.Participant(user: $0.0, readUpTo: $0.1) })
}

func message(_ n: Int64, from sender: UserID, _ content: String = "Hello!", key: String? = nil) -> Message {
    Message(n: n, sender: sender, content: content, sentAt: noon, clientMessageID: key)
}

extension Reply {
    /// The answer, where it took no more than memory.
    var response: Response? {
        guard case .response(let response) = self else { return nil }
        return response
    }
}
