import Messaging
import StoreWork

/// What an import asks about messages that are stored already; one statement each.
struct StoredHistory {
    let connection: PostgresConnection
    let tenant: TenantID
    let key: Int64

    /// A message that has a key of its sender.
    struct Keyed {
        let n: Int64
        let content: String
        let sentAt: Timestamp
    }

    func find(clientMessageID: String, of sender: UserID) throws -> Keyed? {
        let rows = try connection.run(
            MessageQuery.byClientID,
            [.text(tenant.text), .int8(key), .text(sender.text), .text(clientMessageID)], within: nil)
        guard rows.count > 0 else { return nil }
        return Keyed(
            n: try rows.requiredInt8(0, 0), content: try rows.requiredText(0, 2),
            sentAt: Timestamp(milliseconds: try rows.requiredInt8(0, 3)))
    }

    /// When the first message that is there was sent; nil where there is none.
    func oldest() throws -> Timestamp? {
        let rows = try connection.run(
            """
            SELECT m.sent_at_ms FROM postbox.messages m WHERE m.tenant_id = $1 AND m.conversation_key = $2 ORDER BY m.n LIMIT 1
            """, [.text(tenant.text), .int8(key)], within: nil)
        return rows.count > 0 ? Timestamp(milliseconds: try rows.requiredInt8(0, 0)) : nil
    }

    /// How many messages a sender has written in the conversation.
    func count(of sender: UserID) throws -> Int64 {
        let rows = try connection.run(
            """
            SELECT m.sender_n FROM postbox.messages m
            WHERE m.tenant_id = $1 AND m.conversation_key = $2 AND m.sender_id = $3 ORDER BY m.n DESC LIMIT 1
            """, [.text(tenant.text), .int8(key), .text(sender.text)], within: nil)
        return rows.count > 0 ? try rows.requiredInt8(0, 0) : 0
    }

    private static let step = 1000

    /// Visits the messages that carry no key of their sender, oldest first.
    func forEachWithoutKey(_ visit: (MessageFingerprint, Int64) -> Void) throws {
        var last: Int64 = 0
        while true {
            let rows = try connection.run(
                """
                SELECT m.n, m.sender_id, m.content, m.sent_at_ms FROM postbox.messages m
                WHERE m.tenant_id = $1 AND m.conversation_key = $2 AND m.n > $3 AND m.client_message_id IS NULL
                ORDER BY m.n LIMIT \(Self.step)
                """, [.text(tenant.text), .int8(key), .int8(last)], within: nil)
            for row in 0..<rows.count {
                last = try rows.requiredInt8(row, 0)
                visit(
                    MessageFingerprint(
                        sender: UserID(trusted: try rows.requiredText(row, 1)),
                        milliseconds: try rows.requiredInt8(row, 3), content: try rows.requiredText(row, 2)), last)
            }
            guard rows.count == Self.step else { return }
        }
    }

    /// Visits the keys of all messages that have one.
    func forEachKey(_ visit: (_ sender: String, _ clientMessageID: String) -> Void) throws {
        var last: Int64 = 0
        while true {
            let rows = try connection.run(
                """
                SELECT m.n, m.sender_id, m.client_message_id FROM postbox.messages m
                WHERE m.tenant_id = $1 AND m.conversation_key = $2 AND m.n > $3 AND m.client_message_id IS NOT NULL
                ORDER BY m.n LIMIT \(Self.step)
                """, [.text(tenant.text), .int8(key), .int8(last)], within: nil)
            for row in 0..<rows.count {
                last = try rows.requiredInt8(row, 0)
                visit(try rows.requiredText(row, 1), try rows.requiredText(row, 2))
            }
            guard rows.count == Self.step else { return }
        }
    }
}
