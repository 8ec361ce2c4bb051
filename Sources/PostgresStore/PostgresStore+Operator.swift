import Foundation
import Messaging

extension PostgresStore: OperatorStore {
    /// Opens a conversation, or returns the existing one.
    public func open(
        _ newConversation: NewConversation, tenant: TenantID, at moment: Timestamp
    ) throws(MessagingError) -> ConversationID {
        try writer.performBlocking { .open(newConversation, tenant, at: moment, $0) }
    }

    /// Stores the name and company of a user, a step for each group of conversations; blocks. U+0000 is removed from the texts.
    public func setPerson(_ person: Person, tenant: TenantID) throws(MessagingError) {
        var progress = RenameProgress.unfinished(number: nil)
        while case .unfinished(let number) = progress {
            progress = try writer.performBlocking { .rename(person, tenant, number: number, $0) }
        }
    }

    /// Whether the database has neither a conversation nor a user.
    public func isEmpty() throws(MessagingError) -> Bool {
        do {
            let connection = try PostgresConnection(address, role: .maintenance)
            return try connection.run(StoreQuery.isEmpty, within: PostgresConnection.readLimit).requiredBool(0, 0)
        } catch {
            throw .storeUnavailable(error.description)
        }
    }

    /// Imports a history in one transaction, which holds the lock of all writes.
    @discardableResult
    public func importRecords(_ next: () throws -> ImportRecord?) throws -> ImportSummary {
        do {
            let connection = try PostgresConnection(address, role: .maintenance)
            let writer = membership.writer
            // Whatever became of it: memory may show what was before.
            defer { serving.invalidate() }
            var others: Int32 = 0
            // What was committed is seen by everybody when this returns.
            defer { Thread.sleep(forTimeInterval: Double(others) / 1000) }
            return try connection.transaction(within: PostgresConnection.readLimit) {
                try connection.run(
                    "SELECT postbox.begin_write($1, $2), \(WriteCalls.durable)",
                    [.text(serving.expected.epoch.text), .int8(writer)], within: PostgresConnection.readLimit)
                let importer = try Importer(
                    connection, shortList: bounds.shortList, mostCopies: bounds.mostCopies)
                while let record = try next() { try importer.take(record) }
                let summary = try importer.finish()
                try connection.run(
                    NodeQuery.reset, [.bytes(FeedPayload([.everything]).bytes)], within: PostgresConnection.readLimit)
                others =
                    try connection.run(
                        "SELECT postbox.other_bound($1)", [.int8(writer)],
                        within: PostgresConnection.readLimit
                    ).int4(0, 0) ?? 0
                return summary
            }
        } catch let error as PostgresError {
            throw MessagingError.storeUnavailable(error.description)
        }
    }
}
