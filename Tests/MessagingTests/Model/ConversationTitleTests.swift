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

    @Test(
        "A conversation is headed by the id of a person without a known name, or with one of which nothing can be seen",
        arguments: [nil, "", " ", "\u{200B}", "\u{3164}\u{FE0F}", "\u{2800} \u{E0001}"])
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

    @Test(
        "Initials have at most two letters, also where a letter stands for several or has several capitals",
        arguments: [
            ("ß", "S"), ("ßeta ﬁsch", "SF"), ("ﬁona ﬂynn", "FF"), ("ﬃ ﬅ", "FS"), ("ŉ", "N"), ("ǆemal Ǉubica", "DL"),
            ("ǌegoš ǲ", "ND"), ("ĳsbrand Ĳssel", "II"), ("ﬓ և", "ՄԵ"), ("ᾳ ΐ", "ᾼΪ\u{301}"),
            ("ǰ ẖ", "J\u{30C}H\u{331}"),
            ("α\u{345}β ώ", "Α\u{345}Ώ"), ("თამარ მეფე", "თმ"), ("ı i", "II"), ("æsa œuvre", "ÆŒ"), ("ẞ", "ẞ"),
        ])
    func severalLetters(name: String, letters: String) {
        #expect(title(named(name)).initials == letters)
        #expect(letters.count <= 2)
        let group = title(named(name), Person(id: bob, name: name))
        #expect(group.initials == String(repeating: letters.first ?? "-", count: 2))
    }

    @Test(
        "An initial keeps its marks; emoji, invisible characters and marks of direction are none",
        arguments: [
            ("e\u{301}lodie n\u{303}u", "E\u{301}N\u{303}"), ("👩‍💻 Dana 🇩🇪 Reyes 👩🏽‍🚀", "DR"), ("1️⃣ Team", "T"),
            ("ℹ️ desk", "D"),
            ("👨‍👩‍👧‍👦", ""), ("\u{200F}דנה\u{200F} רייס", "דר"), ("\u{202B}محمد علي\u{202C}", "مع"), ("क्षितिज शर्मा", "क्षिश"),
            ("Ange\u{AD}lika", "A"), ("Da\u{2060}na\u{200B}Reyes", "DR"), ("\u{3164}Dana\u{FEFF}", "D"),
            ("김\u{1112}\u{1161}늘 민수", "김민"),
            ("z\u{336}\u{344}\u{300}algo", "Z\u{336}\u{344}\u{300}"), ("\u{301} x", "X"), ("4th Échelon", "4É"),
        ])
    func firstLetters(name: String, letters: String) {
        #expect(title(named(name)).initials == letters)
    }

    @Test("Whatever letter a name begins with, its capital is one")
    func everyLetter() {
        let letters = (0...0x1FFFF as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init).filter {
            $0.properties.changesWhenUppercased || $0.properties.changesWhenTitlecased
        }
        #expect(letters.count > 1000)
        for letter in letters {
            let initials = title(named("\(letter)x")).initials
            #expect(initials.count == 1, "U+\(String(letter.value, radix: 16))")
        }
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
