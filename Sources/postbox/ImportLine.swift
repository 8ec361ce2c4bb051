import FoundationEssentials
import Messaging
import MessagingHTTP

/// Why a line of an import is of no use.
struct ImportLineError: Error {
    /// What is wrong, as a sentence.
    let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}

/// One line of an import as it stands in the file; the names are those of the wire.
struct ImportLine: Decodable {
    enum Kind: String, Decodable, CaseIterable {
        case user, conversation, message, read
    }

    let kind: String?
    let tenantId: String?
    let id: String?
    let name: String?
    let company: String?
    let participantIds: [String]?
    let direct: Bool?
    let conversationId: String?
    let senderId: String?
    let userId: String?
    let content: String?
    let timestamp: String?
    let clientMessageId: String?
    let upTo: String?

    /// Reads a line.
    ///
    /// - Throws: ``ImportLineError``.
    static func record(from bytes: [UInt8], now: Timestamp) throws -> ImportRecord {
        let line: ImportLine
        guard JSONScreen(bytes) == .fit else { throw ImportLineError("not a JSON object") }
        do {
            line = try JSONDecoder().decode(ImportLine.self, from: Data(bytes))
        } catch DecodingError.typeMismatch(_, let context) {
            throw ImportLineError("\(context.codingPath.first?.stringValue ?? "the line") has the wrong type")
        } catch {
            throw ImportLineError("not a JSON object")
        }
        return try line.record(now: now)
    }

    private func record(now: Timestamp) throws -> ImportRecord {
        let tenant: TenantID = try tenantId.map { try Self.checked($0, "tenantId") } ?? .none
        switch kind.flatMap(Kind.init) {
        case .user:
            return .person(Person(id: try user(id, "id"), name: name, company: company), tenant)
        case .conversation:
            let people = try Self.required(participantIds, "participantIds").map { try user($0, "participantIds") }
            do {
                let opening = try Opening(
                    id: try conversation(id, "id"), participants: people, isDirect: direct ?? false)
                return .conversation(opening, tenant, openedAt: try moment() ?? now)
            } catch let error as MessagingError {
                throw ImportLineError(Self.sentence(error))
            }
        case .message:
            return .message(try message(), tenant)
        case .read:
            let conversation = try conversation(conversationId, "conversationId")
            let number = try upTo.map { text in
                guard let id = MessageID(text, in: conversation) else {
                    throw ImportLineError("upTo is not the id of a message of this conversation")
                }
                return id.n
            }
            return .read(conversation, try user(userId, "userId"), tenant, upTo: number)
        case nil:
            throw ImportLineError("kind must be one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
    }

    private func message() throws -> ImportedMessage {
        let text: String = try Self.required(content, "content")
        do {
            return ImportedMessage(
                conversation: try conversation(conversationId, "conversationId"),
                sender: try user(senderId, "senderId"), content: try MessageContent(text, limit: .max),
                sentAt: try Self.required(try moment(), "timestamp"), clientMessageID: try key())
        } catch let error as MessagingError {
            throw ImportLineError(Self.sentence(error))
        }
    }

    /// The key under the rules of the wire, or a client could never retry with it; an empty one is none.
    private func key() throws -> String? {
        guard let clientMessageId, !clientMessageId.isEmpty else { return nil }
        guard clientMessageId.utf8.count <= 255,
            !clientMessageId.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw ImportLineError("clientMessageId must have at most 255 bytes and no control characters") }
        return clientMessageId
    }

    private func moment() throws -> Timestamp? {
        try timestamp.map { text in
            guard let moment = Timestamp(rfc3339: text) else {
                throw ImportLineError("timestamp must be like 2024-12-01T10:30:00.000Z")
            }
            return moment
        }
    }

    private func conversation(_ text: String?, _ name: String) throws -> ConversationID {
        guard case .id(let id) = ConversationReference(try Self.required(text, name)) else {
            throw ImportLineError("\(name) is not a valid id")
        }
        return id
    }

    private func user(_ text: String?, _ name: String) throws -> UserID {
        try Self.checked(try Self.required(text, name), name)
    }

    private static func checked<Owner>(_ text: String, _ name: String) throws -> Identifier<Owner> {
        guard let id = Identifier<Owner>(text) else { throw ImportLineError("\(name) is not a valid id") }
        return id
    }

    private static func required<Value>(_ value: Value?, _ name: String) throws -> Value {
        guard let value else { throw ImportLineError("\(name) is missing") }
        return value
    }

    private static func sentence(_ error: MessagingError) -> String {
        if case .invalidMessage(let sentence) = error { return sentence }
        return "\(error)"
    }
}
