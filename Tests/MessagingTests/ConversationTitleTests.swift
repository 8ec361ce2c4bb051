import Messaging
import Testing

@Suite("Conversation titles")
struct ConversationTitleTests {
    private let viewer = Person(id: alice, name: "Alice Viewer", company: "Own")

    private func title(_ others: Person...) -> ConversationTitle {
        ConversationTitle(people: others + [viewer], viewer: alice)
    }

    private func named(_ name: String?, company: String? = nil) -> Person {
        Person(id: UserID(trusted: "user-789"), name: name, company: company)
    }

    @Test("a conversation is headed by the other one in it")
    func other() {
        let title = title(named("Dana Reyes", company: "Acme"))
        #expect(title.name == "Dana Reyes")
        #expect(title.company == "Acme")
        #expect(title.initials == "DR")
    }

    @Test("A conversation is headed by the id of a person without a known name", arguments: [nil, ""])
    func unnamed(name: String?) {
        #expect(title(named(name)).name == "user-789")
        #expect(title(named(name)).initials == "U7")
        #expect(title(named(name)).company == "")
    }

    @Test("of very many people the first ones by id name it, whether the others are known or not")
    func many() {
        let people = (10..<40).map { Person(id: UserID(trusted: "user-\($0)"), company: $0 < 29 ? "Acme" : "Other") }
        let all = ConversationTitle(people: people + [viewer], viewer: alice)
        #expect(all == ConversationTitle(people: people.prefix(19) + [viewer], of: 31, viewer: alice))
        #expect(all.name.hasSuffix("user-27, user-28, and 11 more"))
        #expect(all.company == "Acme")
    }

    @Test(
        "initials are the first letters of the first and the last word",
        arguments: [
            ("Dana", "D"), ("dana reyes", "DR"), ("Ana María de la Cruz", "AC"), ("Dr. Élodie", "DÉ"), ("李 小龙", "李小"),
            ("O'Neil", "ON"), ("  Dana  ", "D"), ("🙂", ""), ("Jean-Luc", "JL"),
        ])
    func initials(name: String, letters: String) {
        #expect(title(named(name)).initials == letters)
    }

    @Test("a group is headed by all others, and the initials are those of the first two")
    func group() {
        let title = title(
            Person(id: bob, name: "Bob Stone", company: "Acme"), Person(id: carol),
            Person(id: UserID(trusted: "dave"), name: "Dave"))
        #expect(title.name == "Bob Stone, carol, Dave")
        #expect(title.initials == "BC")
    }

    @Test("The title of a large group says how many more there are")
    func more() {
        let title = {
            ConversationTitle(people: [self.viewer, self.named("Dana"), Person(id: bob)], of: $0, viewer: alice)
        }
        #expect(title(3).name == "Dana, bob")
        #expect(title(4).name == "Dana, bob, and 1 more")
        #expect(title(500).name == "Dana, bob, and 497 more")
        #expect(title(500).initials == "DB")
    }

    @Test(
        "a company heads a group only where all others share it",
        arguments: [("Acme", "Acme", "Acme"), ("Acme", "Globex", ""), ("Acme", nil, ""), (nil, nil, "")])
    func company(one: String?, other: String?, shown: String) {
        #expect(title(Person(id: bob, company: one), Person(id: carol, company: other)).company == shown)
    }
}
