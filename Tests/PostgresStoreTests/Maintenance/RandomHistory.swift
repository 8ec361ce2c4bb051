import Messaging
import SQLiteStore
import TestSupport

@testable import PostgresStore

/// A random history with everything that a record can say: tenants, direct and large conversations, keys, repetitions, erased messages,
/// clocks that go back, ids and texts that only bytes tell apart.
enum RandomHistory {
    /// The times of messages lie within so many milliseconds.
    static let span = 100_000
    // Two of them are canonically equivalent, and one comes before the others only by bytes.
    static let users = (["é", "e\u{301}", "Z", "a", "b", "👩‍👧", "名前"] + (0..<20).map { "u\($0)" }).map {
        UserID(trusted: $0)
    }
    private static let tenants = [TenantID.none, TenantID(trusted: "acme")]

    static func records(_ random: inout Generator) -> [ImportRecord] {
        var records: [ImportRecord] = []
        for tenant in tenants {
            for user in users where !random.once(in: 3) {
                records.append(
                    .person(
                        Person(
                            id: user, name: random.pick([nil, "", "Name \(user)", "N\u{0}ul"]),
                            company: random.pick([nil, "Company"])), tenant))
            }
            for number in 0..<15 { records += conversation("c\(number)", tenant, &random) }
        }
        return records
    }

    private static func conversation(
        _ id: String, _ tenant: TenantID, _ random: inout Generator
    ) -> [ImportRecord] {
        let everybody = users.shuffled(using: &random)
        let members = Array(everybody.prefix(random.pick([2, 2, 3, 5, 22])))
        // A pair gets one direct conversation at most: the ids are theirs.
        let isDirect = members.count == 2 && random.once(in: 2)
        let name = isDirect ? "d" + members.map(\.text).sorted().joined(separator: "-") : id
        guard
            let opening = try? NewConversation(
                id: ConversationID(trusted: name), participants: members, isDirect: isDirect)
        else { preconditionFailure("a random conversation is not valid") }
        var records: [ImportRecord] = [
            .conversation(opening, tenant, openedAt: Timestamp(milliseconds: Int64(random.below(span))))
        ]
        var time = random.below(span / 2)
        for place in 0..<random.pick([0, 1, 20, 40]) {
            time += random.once(in: 8) ? -random.below(1000) : random.below(2000)
            let text = random.pick(["Hello!", "same", "é", "e\u{301}", "text \(place)", "\u{200B}"])
            let message = ImportedMessage(
                conversation: opening.id, sender: random.pick(members),
                content: random.once(in: 10) ? nil : try? MessageContent(history: text),
                sentAt: Timestamp(milliseconds: Int64(time)),
                clientMessageID: random.once(in: 2) ? "k\(random.next())" : nil)
            records.append(.message(message, tenant))
            if random.once(in: 5) { records.append(.read(opening.id, random.pick(members), tenant, upTo: nil)) }
        }
        return records
    }
}

/// The same history in SQLite, to compare with.
struct SQLiteCopy {
    private let folder: Folder

    init(of records: [ImportRecord] = []) throws {
        folder = try Folder()
        _ = try importRecords(records)
    }

    func importRecords(_ records: [ImportRecord]) throws -> ImportSummary {
        let store = try SQLiteStore(path: folder.database)
        defer { store.close() }
        var rest = records[...]
        return try store.importRecords { rest.popFirst() }
    }

    func export() throws -> [ImportRecord] {
        var records: [ImportRecord] = []
        try ReadOnlyDatabase(path: folder.database).export { records.append($0) }
        return records
    }

    func prune(_ scope: PruneScope, before moment: Timestamp) throws -> PruneSummary {
        let offline = try OfflineDatabase(path: folder.database)
        defer { offline.close() }
        return try offline.prune(scope, before: moment)
    }

    func erase(_ user: UserID) throws -> Int? {
        let offline = try OfflineDatabase(path: folder.database)
        defer { offline.close() }
        return try offline.erase(user, tenant: .none)
    }
}

extension PreparedDatabase {
    /// Imports as the command does.
    func importRecords(_ records: [ImportRecord]) throws -> ImportSummary {
        let store = try PostgresStore(address: database.connection)
        defer { store.close() }
        var rest = records[...]
        return try store.importRecords { rest.popFirst() }
    }

    func export() throws -> [ImportRecord] {
        var records: [ImportRecord] = []
        try ReadOnlyPostgres(address: database.connection).export { records.append($0) }
        return records
    }
}
