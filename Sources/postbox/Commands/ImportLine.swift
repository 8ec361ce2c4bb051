import FoundationEssentials
import Messaging
import MessagingHTTP

/// Why a line of an import is of no use.
struct ImportLineError: Error {
    /// The error, as a sentence.
    let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}

/// One line of an import or an export as it stands in the file; the names are those of the wire.
struct ImportLine: Codable {
    enum Kind: String, Decodable, CaseIterable {
        case user, conversation, message, read
    }

    var kind: String?
    var tenantId: String?
    var id: String?
    var name: String?
    var company: String?
    var participantIds: [String]?
    var direct: Bool?
    var prunedUpTo: Int64?
    var prunedBefore: String?
    var activity: Int64?
    var conversationId: String?
    var senderId: String?
    var userId: String?
    var content: String?
    var erased: Bool?
    var timestamp: String?
    var clientMessageId: String?
    var upTo: String?

    /// Reads a line.
    ///
    /// - Throws: ``ImportLineError``.
    static func record(from bytes: [UInt8], now: Timestamp) throws -> ImportRecord {
        let line: ImportLine
        switch JSONPrevalidator(bytes) {
        case .fit: break
        case .duplicateMember: throw ImportLineError("an object has the same member twice")
        case .longLiteral:
            throw ImportLineError("a number has more than \(JSONPrevalidator.longestLiteral) characters")
        case .notUTF8, .tooDeep, .trailingComma: throw ImportLineError("not a JSON object")
        }
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
                let opening = try NewConversation(
                    id: try conversation(id, "id"), participants: people, isDirect: direct ?? false)
                return .conversation(
                    opening, tenant, openedAt: try Self.moment(timestamp, "timestamp") ?? now,
                    pruning: Pruning(
                        upTo: try Self.number(prunedUpTo, "prunedUpTo") ?? 0,
                        before: try Self.moment(prunedBefore, "prunedBefore")),
                    activity: try Self.number(activity, "activity"))
            } catch let error as MessagingError {
                throw ImportLineError(error.reason)
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
        do {
            let content = try text()
            return ImportedMessage(
                conversation: try conversation(conversationId, "conversationId"),
                sender: try user(senderId, "senderId"), content: content,
                sentAt: try Self.required(try Self.moment(timestamp, "timestamp"), "timestamp"),
                clientMessageID: try key())
        } catch let error as MessagingError {
            throw ImportLineError(error.reason)
        }
    }

    private func text() throws -> MessageContent? {
        guard erased != true else {
            guard content == nil else { throw ImportLineError("an erased message has no content") }
            return nil
        }
        return try MessageContent(history: try Self.required(content, "content"))
    }

    /// The key under the rules of the wire, or a client could never retry with it; an empty one is none.
    private func key() throws -> String? {
        guard let clientMessageId, !clientMessageId.isEmpty else { return nil }
        guard clientMessageId.utf8.count <= 255, !clientMessageId.hasControlCharacters else {
            throw ImportLineError("clientMessageId must have at most 255 bytes and no control characters")
        }
        return clientMessageId
    }

    private static func moment(_ text: String?, _ name: String) throws -> Timestamp? {
        try text.map { text in
            guard let moment = Timestamp(rfc3339: text) else {
                throw ImportLineError("\(name) must be like 2024-12-01T10:30:00.000Z")
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

    private static func number(_ value: Int64?, _ name: String) throws -> Int64? {
        // Twice as many messages in one conversation still have numbers that JSON can carry.
        guard (0...1 << 52).contains(value ?? 0) else { throw ImportLineError("\(name) is out of range") }
        return value
    }

    private static func required<Value>(_ value: Value?, _ name: String) throws -> Value {
        guard let value else { throw ImportLineError("\(name) is missing") }
        return value
    }
}

extension ImportLine {
    /// The bytes of a record as a line, which ``record(from:now:)`` reads as the same record; the same bytes for the same record.
    static func bytes(of record: ImportRecord) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(ImportLine(record)) + [UInt8(ascii: "\n")]
    }

    private init(_ record: ImportRecord) {
        switch record {
        case .person(let person, let tenant):
            self.init(.user, tenant)
            (id, name, company) = (person.id.text, person.name, person.company)
        case .conversation(let opening, let tenant, let openedAt, let pruning, let activity):
            self.init(.conversation, tenant)
            (id, participantIds) = (opening.id.text, opening.participants.map(\.text))
            direct = opening.isDirect ? true : nil
            timestamp = openedAt.rfc3339
            prunedUpTo = pruning.upTo == 0 ? nil : pruning.upTo
            prunedBefore = pruning.before?.rfc3339
            self.activity = activity
        case .message(let message, let tenant):
            self.init(.message, tenant)
            (conversationId, senderId) = (message.conversation.text, message.sender.text)
            content = message.content?.text
            erased = message.content == nil ? true : nil
            (timestamp, clientMessageId) = (message.sentAt.rfc3339, message.clientMessageID)
        case .read(let conversation, let user, let tenant, let upTo):
            self.init(.read, tenant)
            (conversationId, userId) = (conversation.text, user.text)
            self.upTo = upTo.map { MessageID(conversation: conversation, n: $0).text }
        }
    }

    private init(_ kind: Kind, _ tenant: TenantID) {
        self.kind = kind.rawValue
        tenantId = tenant == .none ? nil : tenant.text
    }
}
