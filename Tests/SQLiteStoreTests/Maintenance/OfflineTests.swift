import Messaging
import StoreTestSupport
import TestSupport
import Testing

@testable import SQLiteStore

/// Taking data away from a file.
struct OfflineTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    @Test("A database is not touched while a store has it open, and is not made where there is none")
    func held() throws {
        let store = try SQLiteStore(path: folder.database)
        #expect(throws: SQLiteStoreError.held(path: folder.database)) { try OfflineDatabase(path: folder.database) }
        store.close()
        let none = folder.path + "/none"
        #expect(throws: SQLiteStoreError.missing(path: none)) { try OfflineDatabase(path: none) }
        #expect(throws: SQLiteStoreError.missing(path: none)) { try ReadOnlyDatabase(path: none) }
        #expect(try folder.contents().keys.sorted() == ["postbox.sqlite"])
    }

    private func run(_ records: [ImportRecord]) throws -> ImportSummary {
        let store = try SQLiteStore(path: folder.database)
        defer { store.close() }
        var rest = records[...]
        return try store.importRecords { rest.popFirst() }
    }

    private func message(_ sender: UserID, _ text: String, at milliseconds: Int64) throws -> ImportRecord {
        .message(
            ImportedMessage(
                conversation: conversationID("c"), sender: sender, content: try MessageContent(text),
                sentAt: Timestamp(milliseconds: milliseconds), clientMessageID: nil), .none)
    }

    @Test(
        "Where an earlier version has pruned, what may have been pruned is refused by name, and what cannot have been comes in"
    )
    func prunedEarlier() throws {
        let newConversation = try NewConversation(
            id: conversationID("c"), participants: [alice, bob], isDirect: true)
        let messages = try [
            message(alice, "one", at: 10), message(bob, "two", at: 20), message(alice, "same", at: 30),
            message(alice, "same", at: 30),
        ]
        let history = [ImportRecord.conversation(newConversation, .none, openedAt: noon)] + messages
        _ = try run(history)
        let offline = try OfflineDatabase(path: folder.database)
        _ = try offline.prune(.everything, before: Timestamp(milliseconds: 25))
        try offline.queue.write { try $0.execute(sql: "UPDATE conversations SET pruned_before_ms = NULL") }
        offline.close()
        #expect(throws: ImportError.prunedBeforeUnknownMoment(conversationID("c"))) { try run(history) }
        let summary = try run(messages.suffix(2) + [try message(bob, "new", at: 30)])
        #expect(summary.messages == 1 && summary.pruned == 0)
        // Pruning what that version has left tells for certain.
        let again = try OfflineDatabase(path: folder.database)
        _ = try again.prune(.everything, before: Timestamp(milliseconds: 31))
        again.close()
        let last = try run(messages)
        #expect(last.messages == 0 && last.pruned == 4)
    }
}
