import Foundation

/// What can be merged by `id`.
protocol WireEntry: Decodable, Equatable, Sendable {
    var id: String { get }
    /// Why this picture cannot come after that one, if it cannot.
    func contradiction(of earlier: Self) -> String?
    /// Whether these may come in this order in one answer.
    static func areInOrder(_ entries: [Self]) -> Bool
}

/// A message as the contract writes it.
struct WireMessage: WireEntry {
    let id: String
    let conversationId: String
    let senderId: String
    let receiverId: String?
    let content: String
    let timestamp: String
    let read: Bool
    let sent: Bool
    let clientMessageId: String?

    /// Its number; 0 where the id is not one.
    var n: Int { id.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

    /// When it was sent, in milliseconds: the clock of a history counts from 1970 on, and not for a day.
    var milliseconds: Int64 {
        let parts = timestamp.dropFirst("1970-01-01T".count).dropLast().split { ":.".contains($0) }
        let numbers = parts.compactMap { Int64($0) }
        precondition(numbers.count == 4, "a timestamp of another form: \(timestamp)")
        return ((numbers[0] * 60 + numbers[1]) * 60 + numbers[2]) * 1000 + numbers[3]
    }

    /// The same message as others see it after its content was erased.
    var emptied: WireMessage {
        WireMessage(
            id: id, conversationId: conversationId, senderId: senderId, receiverId: receiverId, content: "",
            timestamp: timestamp, read: read, sent: sent, clientMessageId: clientMessageId)
    }

    func contradiction(of earlier: WireMessage) -> String? {
        earlier.read && !read ? "message \(id) was read and is not any more" : nil
    }

    static func areInOrder(_ entries: [WireMessage]) -> Bool {
        zip(entries, entries.dropFirst()).allSatisfy { $0.n < $1.n }
    }
}

/// A conversation as the contract writes it.
struct WireConversation: WireEntry {
    struct Participant: Decodable, Equatable, Sendable {
        let id: String
        let name: String
        let company: String
    }

    let id: String
    let name: String
    let company: String
    let initials: String
    let lastMessage: String
    let lastMessageTime: String
    let unread: Int
    let participants: [Participant]
    let participantCount: Int
    let messages: [WireMessage]

    func contradiction(of earlier: WireConversation) -> String? { nil }

    static func areInOrder(_ entries: [WireConversation]) -> Bool {
        Set(entries.map(\.id)).count == entries.count
    }
}

/// What `PUT …/read` answers.
struct WireReadOutcome: Decodable, Sendable {
    let conversationId: String
    let readUpTo: String?
    let unread: Int
}

/// Reads a body, which must be JSON of this shape.
func parse<Value: Decodable>(_ type: Value.Type, _ body: [UInt8]) throws -> Value {
    do {
        return try JSONDecoder().decode(type, from: Data(body))
    } catch {
        throw Violation(description: "not a \(type): \(String(decoding: body, as: UTF8.self)) (\(error))")
    }
}

/// Writes a request body.
func json(_ members: [String: any Sendable]) throws -> [UInt8] {
    Array(try JSONSerialization.data(withJSONObject: members))
}
