import Messaging
import StoreTestSupport
import Testing

@Suite(.onEachStore)
struct SendingTests {
    let home: StoreHome
    let store: any Store
    let recorder = Recorder()

    init() throws {
        home = try StoreHome()
        store = try home.open(observer: recorder)
    }

    @Test("Eight senders at once leave no gap in the numbers, and each answer has its own number")
    func noGaps() async throws {
        let users = (0..<8).map { UserID(trusted: "user-\($0)") } + [alice]
        let id = try store.open(
            NewConversation(id: conversationID("c"), participants: users, isDirect: false), tenant: .none, at: noon)
        let numbers = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for user in users.prefix(8) {
                group.addTask { [store] in
                    var numbers: [Int64] = []
                    for index in 0..<50 {
                        numbers.append(try await store.send(draft(user, to: .id(id), "\(user) \(index)")).message.n)
                    }
                    return numbers
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(numbers.sorted() == Array(1...400))
        let stored = try await store.allMessages(id)
        #expect(stored.map(\.n) == Array(1...400))
        for user in users.prefix(8) {
            #expect(stored.filter { $0.sender == user }.map(\.content) == (0..<50).map { "\(user) \($0)" })
        }
        #expect(recorder.commits.dropFirst().map(\.conversation.lastN) == Array(1...400))
    }

    @Test("Content comes back byte for byte", arguments: Self.contents)
    func bytes(content: String) async throws {
        let id = try store.open("c", alice, bob)
        let sent = try await store.send(draft(alice, to: .id(id), content, key: "k"))
        let stored = try await store.allMessages(id)
        #expect(Array(sent.message.content.utf8) == Array(content.utf8))
        #expect(stored.map { Array($0.content.utf8) } == [Array(content.utf8)])
        #expect(stored[0].clientMessageID == "k")
        #expect(stored[0].sentAt == noon)
    }

    static let contents = [
        "👩‍👩‍👧‍👦 🇩🇪", "'; DROP TABLE messages; --", "\"quoted\" \\ back", "line\r\nline\ttab", "cafe\u{301} café",
        " leading and trailing ", "\u{FEFF}mark \u{202E}turned", String(repeating: "ü", count: 8192),
    ]

    @Test("A direct conversation opened from both sides at once is one conversation")
    func directRace() async throws {
        let sent = try await withThrowingTaskGroup(of: SentMessage.self) { group in
            for index in 0..<40 {
                let (me, other) = index.isMultiple(of: 2) ? (alice, bob) : (bob, alice)
                group.addTask { [store] in
                    try await store.send(draft(me, to: .direct(with: other), new: "new-\(index)"))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(sent.map(\.conversation.id)).count == 1)
        #expect(sent.map(\.message.n).sorted() == Array(1...40))
        #expect(try await store.list(of: alice).conversations.count == 1)
        let fromAlice = try await store.conversation(.direct(with: bob), of: caller(alice))
        #expect(try await store.conversation(.direct(with: alice), of: caller(bob)) == fromAlice)
        #expect(fromAlice?.id == sent[0].conversation.id)
    }

    @Test("A retry gets the first message again and writes nothing")
    func replay() async throws {
        let id = try store.open("c", alice, bob)
        let first = try await store.send(draft(alice, to: .id(id), "one", key: "k"))
        _ = try await store.send(draft(bob, to: .id(id), "two"))
        _ = recorder.take()
        let again = try await store.send(draft(alice, to: .id(id), "one", key: "k"))
        #expect(again.replayed)
        #expect(!first.replayed)
        #expect(again.message == first.message)
        #expect(again.conversation.lastN == 2)
        #expect(recorder.take().isEmpty)
    }

    @Test("The same key with other content is a conflict, even if the texts are canonically equivalent")
    func conflict() async throws {
        let id = try store.open("c", alice, bob)
        _ = try await store.send(draft(alice, to: .id(id), "caf\u{E9}", key: "k"))
        for text in ["other", "cafe\u{301}"] {
            await #expect(throws: MessagingError.idempotencyConflict) {
                try await store.send(draft(alice, to: .id(id), text, key: "k"))
            }
        }
        let otherSender = try await store.send(draft(bob, to: .id(id), "mine", key: "k"))
        #expect(!otherSender.replayed)
        let otherConversation = try store.open("d", alice, bob)
        #expect(try await !store.send(draft(alice, to: .id(otherConversation), "x", key: "k")).replayed)
    }

    @Test("A retry of the message that opened its conversation finds both")
    func replayOfOpening() async throws {
        let first = try await store.send(
            draft(alice, to: .id(conversationID("app-1")), key: "k", receivers: [bob]))
        let again = try await store.send(
            draft(alice, to: .id(conversationID("app-1")), key: "k", receivers: [bob]))
        #expect(first.message.n == 1)
        #expect(again.replayed && again.message == first.message)
    }

    @Test("What cannot be sent is refused and leaves nothing")
    func refusals() async throws {
        let id = try store.open("c", alice, bob)
        let before = try await store.list(of: alice)
        let unknown = ConversationReference.id(conversationID("unknown"))
        let refused: [(Draft, MessagingError)] = [
            (try draft(carol, to: .id(id)), .conversationNotFound),
            (try draft(alice, to: unknown), .conversationNotFound),
            (try draft(alice, to: .id(id), tenant: TenantID(trusted: "t")), .conversationNotFound),
            (try draft(alice, to: unknown, receivers: [bob], mayOpen: false), .openingForbidden),
            (try draft(alice, to: .direct(with: bob), mayOpen: false), .openingForbidden),
        ]
        for (draft, error) in refused {
            await #expect(throws: error) { try await store.send(draft) }
        }
        for draft in [
            try draft(alice, to: .id(id), receivers: [carol]), try draft(alice, to: .direct(with: alice)),
            try draft(alice, to: .id(id), key: "a\0b"),
        ] {
            await #expect {
                try await store.send(draft)
            } throws: { error in
                guard case .invalidMessage? = error as? MessagingError else { return false }
                return true
            }
        }
        #expect(try await store.list(of: alice) == before)
        #expect(recorder.commits.count == 1)
    }

    @Test("A new direct conversation does not take the id of another one")
    func takenID() async throws {
        try store.open("new-1", alice, carol)
        await #expect {
            try await store.send(draft(alice, to: .direct(with: bob), new: "new-1"))
        } throws: { error in
            guard case .storeUnavailable? = error as? MessagingError else { return false }
            return true
        }
        #expect(try await store.send(draft(alice, to: .direct(with: bob), new: "new-2")).message.n == 1)
    }

    @Test("Users whose ids differ only in normalization are two users, and tenants do not meet")
    func bytewiseIdentity() async throws {
        let composed = UserID(trusted: "caf\u{E9}")
        let decomposed = UserID(trusted: "cafe\u{301}")
        let tenant = TenantID(trusted: "t")
        let one = try await store.send(draft(alice, to: .direct(with: composed), new: "n1"))
        let two = try await store.send(draft(alice, to: .direct(with: decomposed), new: "n2"))
        let pair = try await store.send(draft(composed, to: .direct(with: decomposed), new: "n3"))
        let elsewhere = try await store.send(draft(alice, to: .direct(with: composed), tenant: tenant, new: "n1"))
        #expect(Set([one, two, pair, elsewhere].map(\.conversation.key)).count == 4)
        #expect(try await store.list(of: composed).conversations.map(\.conversation.id.text) == ["n3", "n1"])
        #expect(try await store.list(of: decomposed).conversations.map(\.conversation.id.text) == ["n3", "n2"])
        #expect(pair.conversation.participants.map(\.user) == [decomposed, composed])
    }

    @Test("The last of several slices is merged in order, and each authorship is told apart")
    func slices() async throws {
        let id = try store.open("c", alice, bob)
        for index in 1...12 {
            _ = try await store.send(draft(index.isMultiple(of: 3) ? bob : alice, to: .id(id), "\(index)"))
        }
        let conversation = try #require(try await store.conversation(.id(id), of: caller(alice)))
        let slices = [
            MessageSlice(2...8, .only(alice)), MessageSlice(1...9, .except(alice)), MessageSlice(10...12),
        ]
        let all = try await store.messages(in: conversation, slices, limit: 100)
        #expect(all.map(\.n) == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
        #expect(try await store.messages(in: conversation, slices, limit: 4).map(\.n) == [2, 3, 4, 5])
        #expect(try await store.messages(in: conversation, [], limit: 4).isEmpty)
        #expect(
            try await store.messages(in: conversation, [MessageSlice(1...9, .except(alice))], limit: 2).map(\.n) == [
                3, 6,
            ])
    }
}
