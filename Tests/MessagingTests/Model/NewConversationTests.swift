import Messaging
import Testing

@Suite("How conversations begin")
struct NewConversationTests {
    private let fresh = ConversationID(trusted: "c-new")

    private func draft(
        to conversation: ConversationReference, receivers: [UserID] = [], mayOpen: Bool = true
    ) throws -> Draft {
        Draft(
            caller: Caller(user: bob), conversation: conversation, content: try MessageContent("Hello!"),
            clientMessageID: nil, receivers: receivers, opening: mayOpen ? .granted : .operatorOnly,
            sentAt: Timestamp(milliseconds: 0),
            newConversationID: fresh)
    }

    private func isInvalidMessage(_ error: any Error) -> Bool {
        if case .invalidMessage = error as? MessagingError { true } else { false }
    }

    @Test("people are sorted by id and count once")
    func sorted() throws {
        let opening = try NewConversation(id: talk, participants: [carol, alice, carol, bob, alice], isDirect: false)
        #expect(opening.participants == [alice, bob, carol])
    }

    @Test("nobody talks to nobody, or only to themselves", arguments: [[], [alice], [alice, alice]])
    func alone(users: [UserID]) {
        #expect(
            performing: { try NewConversation(id: talk, participants: users, isDirect: false) },
            throws: isInvalidMessage)
    }

    @Test("a group has at most 500 people")
    func largest() throws {
        let users = (1...501).map { UserID(trusted: "user-\($0)") }
        #expect(
            try NewConversation(id: talk, participants: users.dropLast(), isDirect: false).participants.count == 500)
        #expect(
            performing: { try NewConversation(id: talk, participants: users, isDirect: false) },
            throws: isInvalidMessage)
    }

    @Test("a direct conversation has exactly two people, or a third would read what one writes to the other")
    func direct() throws {
        #expect(
            try NewConversation(id: talk, participants: [bob, alice], isDirect: true).participants == [alice, bob])
        #expect(
            performing: { try NewConversation(id: talk, participants: [alice, bob, carol], isDirect: true) },
            throws: isInvalidMessage)
    }

    @Test("a draft to an unknown id opens it with the sender and the receivers")
    func withReceivers() throws {
        let opening = try NewConversation(for: draft(to: .id(talk), receivers: [carol, alice]))
        #expect(opening == (try NewConversation(id: talk, participants: [alice, bob, carol], isDirect: false)))
    }

    @Test("a draft to @somebody opens the direct conversation under a new id")
    func alias() throws {
        let opening = try NewConversation(for: draft(to: .direct(with: alice)))
        #expect(opening == (try NewConversation(id: fresh, participants: [alice, bob], isDirect: true)))
        #expect(performing: { try NewConversation(for: draft(to: .direct(with: bob))) }, throws: isInvalidMessage)
    }

    @Test("an unknown id without receivers is not found, whether or not users may open", arguments: [true, false])
    func unknown(mayOpen: Bool) {
        #expect(throws: MessagingError.conversationNotFound) {
            try NewConversation(for: draft(to: .id(talk), mayOpen: mayOpen))
        }
    }

    @Test("where only the operator opens, users cannot")
    func forbidden() {
        #expect(throws: MessagingError.openingForbidden) {
            try NewConversation(for: draft(to: .id(talk), receivers: [alice], mayOpen: false))
        }
        #expect(throws: MessagingError.openingForbidden) {
            try NewConversation(for: draft(to: .direct(with: alice), mayOpen: false))
        }
    }

    @Test("whoever is named as receiver of a message must take part")
    func receivers() throws {
        func check(_ receivers: [UserID], to reference: ConversationReference = .id(talk)) throws {
            try NewConversation.check(draft(to: reference, receivers: receivers), talk, among: [alice, bob])
        }
        try check([])
        try check([bob, alice])
        #expect(performing: { try check([bob, carol]) }, throws: isInvalidMessage)
    }

    @Test("the conversation itself is no wrong receiver, by any of its names")
    func itself() throws {
        let id = UserID(trusted: talk.text)
        let alias = UserID(trusted: "@alice")
        try NewConversation.check(draft(to: .id(talk), receivers: [id]), talk, among: [alice, bob])
        try NewConversation.check(draft(to: .direct(with: alice), receivers: [alias, id]), talk, among: [alice, bob])
        #expect(
            performing: {
                try NewConversation.check(draft(to: .id(talk), receivers: [alias]), talk, among: [alice, bob])
            },
            throws: isInvalidMessage)
    }

    @Test("a direct conversation is not opened for a message that is also for somebody else")
    func directWithThird() {
        #expect(
            performing: { try NewConversation(for: draft(to: .direct(with: alice), receivers: [carol])) },
            throws: isInvalidMessage)
    }

    @Test("a draft for a conversation that exists opens none")
    func never() {
        for reference in [ConversationReference.id(talk), .direct(with: alice)] {
            #expect(throws: MessagingError.conversationNotFound) {
                var draft = try draft(to: reference, receivers: [alice])
                draft.opening = .never
                _ = try NewConversation(for: draft)
            }
        }
    }
}
