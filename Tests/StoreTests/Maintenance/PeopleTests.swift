import Messaging
import StoreTestSupport
import Testing

@Suite(.onEachStore)
struct PeopleTests {
    let home: StoreHome
    let store: any Store
    let recorder = Recorder()

    init() throws {
        home = try StoreHome()
        store = try home.open(observer: recorder)
    }

    @Test("A name that really changes is told to everybody in each of the person's conversations, one number each")
    func rename() async throws {
        try store.open("c", alice, bob)
        try store.open("d", alice, carol)
        try store.open("e", bob, carol)
        _ = recorder.take()
        let person = Person(id: alice, name: "Alice", company: "Acme")
        try await store.setPerson(person, tenant: .none)
        let commits = recorder.take()
        #expect(commits.map(\.conversation.id.text) == ["c", "d"])
        let changes = commits.map { $0.listChanges.map(\.change) }
        #expect(changes.allSatisfy { $0.count == 2 && $0[0] == $0[1] } && changes[0][0] < changes[1][0])
        #expect(try await store.latestChange(for: caller(alice)) == changes[1][0])
        #expect(commits.map { $0.listChanges.map(\.user) } == [[alice, bob], [alice, carol]])
        try await store.setPerson(person, tenant: .none)
        #expect(recorder.take().isEmpty)
        try await store.setPerson(Person(id: alice, name: "Alice", company: nil), tenant: .none)
        #expect(recorder.take().isEmpty)
        try await store.setPerson(Person(id: alice, company: ""), tenant: .none)
        #expect(recorder.take().count == 2)
        let people = try await store.list(of: bob).conversations.map(\.people)
        let renamed = Person(id: alice, name: "Alice", company: "")
        #expect(people == [[Person(id: bob), Person(id: carol)], [renamed, Person(id: bob)]])
    }

    @Test("A name in another normalization is another name, and one of another tenant is nobody's here")
    func bytes() async throws {
        try store.open("c", alice, bob)
        try await store.setPerson(Person(id: alice, name: "Ren\u{E9}"), tenant: .none)
        _ = recorder.take()
        try await store.setPerson(Person(id: alice, name: "Rene\u{301}"), tenant: .none)
        #expect(recorder.take().count == 1)
        try await store.setPerson(Person(id: alice, name: "Other"), tenant: TenantID(trusted: "t"))
        #expect(recorder.take().isEmpty)
        let name = try await store.list(of: bob).conversations[0].people[0].name
        #expect(name.map { Array($0.utf8) } == Array("Rene\u{301}".utf8))
    }

    @Test("A name with U+0000 is stored without it, and is no change the second time")
    func nul() async throws {
        try store.open("c", alice, bob)
        try await store.setPerson(Person(id: alice, name: "A\0B"), tenant: .none)
        _ = recorder.take()
        try await store.setPerson(Person(id: alice, name: "A\0B"), tenant: .none)
        #expect(recorder.take().isEmpty)
        #expect(try await store.list(of: bob).conversations[0].people[0].name == "AB")
    }

    @Test("Opening finds the direct conversation of a pair and the same people under an id, and refuses others")
    func opening() throws {
        let direct = try NewConversation(id: conversationID("d1"), participants: [bob, alice], isDirect: true)
        let again = try NewConversation(id: conversationID("d2"), participants: [alice, bob], isDirect: true)
        #expect(try store.open(direct, tenant: .none, at: noon).text == "d1")
        #expect(try store.open(again, tenant: .none, at: noon).text == "d1")
        try store.open("g", alice, bob, carol)
        _ = recorder.take()
        #expect(try store.open("g", carol, bob, alice).text == "g")
        #expect(recorder.take().isEmpty)
        #expect(throws: MessagingError.self) { try store.open("g", alice, bob) }
        #expect(throws: MessagingError.self) { try store.open("d1", alice, carol) }
        #expect(try !store.isEmpty())
    }

    @Test("A conversation without messages is in the lists, with nothing unread")
    func withoutMessages() async throws {
        try store.open("c", alice, bob)
        let entry = try #require(try await store.list(of: alice).conversations.first)
        #expect(entry.newest.isEmpty)
        #expect(entry.unread == 0)
        #expect(entry.openedAt == noon)
        #expect(
            try await store.list(of: carol)
                == ConversationPage(
                    conversations: [], latestChange: 0, position: 0, olderBefore: nil))
    }
}
