import GRDB
import Messaging
import StoreWork
import StoreTestSupport
import TestSupport
import Testing

@testable import SQLiteStore

/// What a page of somebody's list costs who has very many conversations, in instructions of SQLite.
struct LongListTests {
    let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private static let many = 20_000
    private static let few = 100

    /// Ann has a hundred conversations, Ben very many; both were imported.
    private func importLists(_ store: SQLiteStore) throws {
        var records: [ImportRecord] = []
        for (user, count) in [("ann", Self.few), ("ben", Self.many)] {
            for number in 0..<count {
                let id = conversationID("\(user)-\(number)")
                let users = [UserID(trusted: user), UserID(trusted: "other-\(number)")]
                let newConversation = try NewConversation(id: id, participants: users, isDirect: false)
                records.append(.conversation(newConversation, .none, openedAt: noon))
            }
        }
        var rest = records.makeIterator()
        try store.importRecords { rest.next() }
    }

    private func page(
        _ user: String, _ window: ListWindow, _ store: SQLiteStore, limit: Int = 50
    ) throws -> (ConversationPage, steps: Int) {
        try store.pool.read { db in
            try StepCounter.steps(db) {
                try ConversationList(db: db, caller: caller(UserID(trusted: user))) { try $2() }
                    .page(
                        window, PageBounds(count: limit, bytes: .max),
                        embedded: PageBounds(count: 1, bytes: .max, kept: .newest))
            }
        }
    }

    @Test("Each page of a list, newest, older or changed, costs the same among 20,000 conversations as among 100")
    func pages() async throws {
        let store = try SQLiteStore(path: folder.database)
        try importLists(store)
        // The openings took the first numbers, and the end of the import as many again.
        let (total, middle) = (Int64(Self.few + Self.many), Int64(Self.few + Self.many / 2))
        let windows: [(ListWindow, ListWindow)] = [
            (.newest, .newest), (.before(60), .before(middle)), (.since(total + 40), .since(total + middle)),
        ]
        for (ofFew, ofMany) in windows {
            let (few, stepsOfFew) = try page("ann", ofFew, store)
            let (many, stepsOfMany) = try page("ben", ofMany, store)
            #expect(few.conversations.count == 50 && many.conversations.count == 50)
            #expect(stepsOfMany < stepsOfFew * 2, "\(ofMany): \(stepsOfMany) steps instead of \(stepsOfFew)")
        }
        let (latest, steps) = try await store.pool.read { db in
            try StepCounter.steps(db) {
                try ConversationList(db: db, caller: caller(UserID(trusted: "ben"))) { try $2() }.latestChange()
            }
        }
        #expect(latest == 2 * total && steps < 200)
    }

    @Test("A list that grows by openings costs no more either, and a send to it changes a few rows")
    func grows() async throws {
        let store = try SQLiteStore(path: folder.database)
        for number in 0..<1000 { try store.open("c\(number)", alice, UserID(trusted: "u\(number)")) }
        let (found, steps) = try page("alice", .newest, store)
        #expect(found.conversations.first?.conversation.id.text == "c999")
        #expect(steps < 10_000)
        _ = try await store.send(draft(alice, to: .id(conversationID("c0"))))
        #expect(try page("alice", .newest, store).0.conversations.first?.conversation.id.text == "c0")
        #expect(try page("alice", .since(1000), store).0.conversations.map(\.conversation.id.text) == ["c0"])
    }

    @Test("In a group of people with long lists, a send writes no more rows than there may be copies")
    func copies() async throws {
        var bounds = StoreBounds()
        bounds.shortList = 2
        bounds.mostCopies = 10
        bounds.listsCheckedAtOnce = 100
        let store = try SQLiteStore(path: folder.database, bounds: bounds)
        let people = (10..<60).map { UserID(trusted: "p\($0)") }
        for number in 0..<70 {
            let newConversation = try NewConversation(
                id: conversationID("g\(number)"), participants: people, isDirect: false)
            _ = try store.open(newConversation, tenant: .none, at: noon)
        }
        let before = try await store.pool.writeWithoutTransaction { $0.totalChangesCount }
        for number in 60..<65 { _ = try await store.send(draft(people[0], to: .id(conversationID("g\(number)")))) }
        let written = try await store.pool.writeWithoutTransaction { $0.totalChangesCount } - before
        // Of each send: the message, the conversation, the copies, and the change counter.
        #expect(written == 5 * 13)
        for user in people {
            let list = try await store.list(of: user, limit: 7)
            #expect(
                list.conversations.map(\.conversation.id.text) == ["g64", "g63", "g62", "g61", "g60", "g69", "g68"])
        }
    }

    @Test("An opening turns one list into a long one, and later ones go on with the rest", arguments: [1, 4, 100])
    func lengthening(checked: Int) throws {
        var bounds = StoreBounds()
        bounds.shortList = 1
        bounds.listsCheckedAtOnce = checked
        let store = try SQLiteStore(path: folder.database, bounds: bounds)
        let people = (10..<20).map { UserID(trusted: "p\($0)") }
        var long: [Int] = []
        for number in 0..<100 {
            let newConversation = try NewConversation(
                id: conversationID("g\(number)"), participants: people, isDirect: false)
            _ = try store.open(newConversation, tenant: .none, at: noon)
            long.append(
                try store.pool.read { db in
                    try people.count { try LongLists(db: db).contains($0, tenant: .none) }
                })
        }
        #expect(long.first == 0 && long.last == 10)
        #expect(zip(long, long.dropFirst()).allSatisfy { $1 - $0 <= 1 })
        if checked == 100 { #expect(long[10] == 10) }
    }

    @Test("An entry of a list reads as much of a group of 500 as of one of 21, and shows the caller among the same 20")
    func largeGroups() async throws {
        let store = try SQLiteStore(path: folder.database)
        let crowd = (100..<599).map { UserID(trusted: "p\($0)") }
        for (id, count) in [("small", 20), ("large", 499)] {
            let newConversation = try NewConversation(
                id: conversationID(id), participants: Array(crowd.prefix(count)) + [UserID(trusted: "zoe-\(id)")],
                isDirect: false)
            _ = try store.open(newConversation, tenant: .none, at: noon)
        }
        let (small, stepsOfSmall) = try page("zoe-small", .newest, store)
        let (large, stepsOfLarge) = try page("zoe-large", .newest, store)
        #expect(stepsOfLarge < stepsOfSmall + 100)
        #expect(small.conversations[0].participantCount == 21)
        #expect(large.conversations[0].participantCount == 500)
        let shown = crowd.prefix(19).map(\.text)
        #expect(large.conversations[0].people.map(\.id.text) == shown + ["zoe-large"])
        let first = try #require(try page("p100", .newest, store).0.conversations.first)
        #expect(first.people.map(\.id.text) == shown + ["p119"])
        #expect(first.conversation.participants.map(\.user) == first.people.map(\.id))
        let middle = try #require(try page("p110", .since(0), store).0.conversations.first)
        #expect(middle.people == first.people)
    }
}
