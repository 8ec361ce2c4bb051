import Hummingbird

/// A message as its viewer sees it.
struct Message: Codable {
    let id: String
    let conversationId: String
    let senderId: String
    let receiverId: String?
    let content: String
    let timestamp: String
    let read: Bool
    let sent: Bool
}

/// An entry of a list.
struct Conversation: Encodable {
    let id: String
    let name: String
    let company: String?
    let initials: String
    let lastMessage: String?
    let lastMessageTime: String?
    let unread: Int
    let participants: [Person]
    let participantCount: Int
    let messages: [Message]
}

struct Person: Encodable {
    let id: String
    let name: String?
    let company: String?
}

struct NewMessage: Decodable {
    let content: String
}

/// What a client has of a conversation: the latest message, how far all others have read, and how far the viewer has.
struct Cursor: CustomStringConvertible {
    let n: Int
    let readByOthers: Int
    let readByViewer: Int

    init(n: Int, readByOthers: Int, readByViewer: Int) {
        self.n = n
        self.readByOthers = readByOthers
        self.readByViewer = readByViewer
    }

    init(_ text: some StringProtocol) throws {
        let numbers = text.split(separator: ".").map { Int($0) }
        guard numbers.count == 3, let n = numbers[0], let others = numbers[1], let viewer = numbers[2] else {
            throw HTTPError(.badRequest, message: "not a cursor: \(text)")
        }
        self.init(n: n, readByOthers: others, readByViewer: viewer)
    }

    var description: String { "\(n).\(readByOthers).\(readByViewer)" }
}
