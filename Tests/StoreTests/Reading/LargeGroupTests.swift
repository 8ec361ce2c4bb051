import Messaging
import StoreTestSupport
import StoreWork
import TestSupport
import Testing

@Suite("Large groups and long lists", .onEachStore)
struct LargeGroupTests {
    let home: StoreHome

    init() throws {
        home = try StoreHome()
    }

    @Test(
        "The lists of a group of people who have long lists are in order, however few copies of the order there may be")
    func copies() async throws {
        var bounds = StoreBounds()
        bounds.shortList = 2
        bounds.mostCopies = 10
        bounds.listsCheckedAtOnce = 100
        let store = try home.open(bounds: bounds)
        let people = (10..<40).map { UserID(trusted: "p\($0)") }
        for number in 0..<40 {
            let newConversation = try NewConversation(
                id: conversationID("g\(number)"), participants: people, isDirect: false)
            _ = try store.open(newConversation, tenant: .none, at: noon)
        }
        for number in 30..<35 { _ = try await store.send(draft(people[0], to: .id(conversationID("g\(number)")))) }
        for user in people {
            let list = try await store.list(of: user, limit: 7)
            #expect(
                list.conversations.map(\.conversation.id.text) == ["g34", "g33", "g32", "g31", "g30", "g39", "g38"])
            let older = try await store.list(of: user, .before(try #require(list.olderBefore)), limit: 3)
            #expect(older.conversations.map(\.conversation.id.text) == ["g37", "g36", "g35"])
        }
    }

    @Test("An entry of a large group shows the first twenty people, and the caller always")
    func shown() async throws {
        let store = try home.open()
        let crowd = (100..<599).map { UserID(trusted: "p\($0)") }
        let zoe = UserID(trusted: "zoe")
        let newConversation = try NewConversation(
            id: conversationID("large"), participants: crowd + [zoe], isDirect: false)
        _ = try store.open(newConversation, tenant: .none, at: noon)
        let large = try #require(try await store.list(of: zoe).conversations.first)
        #expect(large.participantCount == 500)
        #expect(large.people.map(\.id) == crowd.prefix(19) + [zoe])
        let first = try #require(try await store.list(of: crowd[0]).conversations.first)
        #expect(first.people.map(\.id) == Array(crowd.prefix(20)))
        #expect(first.conversation.participants.map(\.user) == first.people.map(\.id))
        let middle = try #require(try await store.list(of: crowd[10], .since(0)).conversations.first)
        #expect(middle.people == first.people)
        let single = try await store.summary(
            of: try #require(try await store.conversation(.id(conversationID("large")), of: caller(zoe))),
            for: caller(zoe), embedded: PageBounds(count: 1, bytes: .max, kept: .newest), newest: { try $2() }
        ) { $0 }
        #expect(single?.people.count == 500)
    }

    @Test("The marks in an entry of a large group are those of everybody in it", arguments: 1...3)
    func marks(seed: UInt64) async throws {
        var chance = Generator(seed: seed)
        let store = try home.open()
        let people = (10..<32).map { UserID(trusted: "p\($0)") }
        let id = conversationID("g")
        _ = try store.open(NewConversation(id: id, participants: people, isDirect: false), tenant: .none, at: noon)
        for number in 0..<5 { _ = try await store.send(draft(people[0], to: .id(id), "\(number)")) }
        for _ in 0..<150 {
            let reader = try #require(people.randomElement(using: &chance))
            _ = try await store.markRead(id, upTo: .random(in: 1...5, using: &chance), by: caller(reader))
            let viewer = try #require(people.randomElement(using: &chance))
            let whole = try #require(try await store.conversation(.id(id), of: caller(viewer)))
            let entry = try #require(try await store.list(of: viewer).conversations.first)
            #expect(entry.marks == whole.marks(for: viewer))
        }
    }
}
