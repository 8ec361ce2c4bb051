import FoundationEssentials
import Messaging

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
