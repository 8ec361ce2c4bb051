import TestSupport
import Testing

@testable import Messaging

@Suite("The payload of a row of the feed")
struct FeedPayloadTests {
    private static func text(_ length: Int, _ generator: inout Generator) -> String {
        let letters: [Character] = ["a", "é", "\u{0301}", "\u{0}", "𝄞", " "]
        var text = ""
        for _ in 0..<length { text.append(generator.pick(letters)) }
        return text
    }

    private static func conversation(_ generator: inout Generator) -> FeedConversation {
        let users = (0..<Int.random(in: 0...5, using: &generator)).map { UserID(trusted: "u\($0)") }
        return FeedConversation(
            tenant: TenantID(trusted: generator.pick(["", "acme"])), key: generator.pick([0, 1, 127, 128, .max, .min]),
            id: ConversationID(trusted: text(Int.random(in: 1...9, using: &generator), &generator)),
            participants: generator.once(in: 4) ? nil : users)
    }

    private static func change(_ generator: inout Generator, among known: [FeedConversation]) -> FeedChange {
        let conversation = generator.pick(known)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0, 1:
            let content = generator.once(in: 4) ? nil : text(Int.random(in: 0...300, using: &generator), &generator)
            return .message(
                conversation,
                FeedMessage(
                    sender: alice, sentAt: Timestamp(milliseconds: generator.pick([0, -1, 1_700_000_000_000])),
                    clientMessageID: content == nil || generator.once(in: 2) ? nil : "key", content: content))
        case 2: return .mark(conversation, reader: bob)
        case 3: return .opened(conversation)
        default: return generator.pick([.renamed(conversation.tenant), .removed(conversation.tenant), .everything])
        }
    }

    @Test("What was written is read again, for a thousand random payloads")
    func roundTrip() throws {
        var generator = Generator(seed: 1)
        for _ in 0..<1000 {
            var known: [ConversationKey: FeedConversation] = [:]
            for _ in 0..<4 {
                let conversation = Self.conversation(&generator)
                known[ConversationKey(tenant: conversation.tenant, id: conversation.id)] = conversation
            }
            let conversations = known.values.sorted { $0.id < $1.id }
            let count = Int.random(in: 0...20, using: &generator)
            let payload = FeedPayload((0..<count).map { _ in Self.change(&generator, among: conversations) })
            #expect(FeedPayload(bytes: payload.bytes) == payload)
        }
    }

    @Test("Bytes that are cut or changed anywhere are refused or read as something else, and nothing traps")
    func damaged() {
        var generator = Generator(seed: 2)
        let known = [Self.conversation(&generator), Self.conversation(&generator)]
        for _ in 0..<300 {
            let bytes = FeedPayload((0..<5).map { _ in Self.change(&generator, among: known) }).bytes
            #expect(FeedPayload(bytes: Array(bytes.dropLast())) == nil)
            #expect(FeedPayload(bytes: bytes + [0]) == nil)
            var changed = bytes
            changed[Int.random(in: 0..<changed.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            _ = FeedPayload(bytes: changed)
        }
        #expect(FeedPayload(bytes: []) == nil)
        #expect(FeedPayload(bytes: [2, 0, 0]) == nil, "another form")
        #expect(FeedPayload(bytes: [1, 0, 1, 9]) == nil, "another kind")
        #expect(FeedPayload(bytes: [1] + Array(repeating: 0xFF, count: 9) + [1]) == nil, "a count of 2^64 − 1")
    }

    private func message(_ content: String, in conversation: FeedConversation) -> FeedChange {
        .message(
            conversation,
            FeedMessage(sender: alice, sentAt: Timestamp(milliseconds: 1), clientMessageID: "k", content: content))
    }

    private func content(of change: FeedChange?) -> String? {
        if case .message(_, let message)? = change { message.content } else { nil }
    }

    @Test("A content of 4 KiB is in the row, and a larger one is left out")
    func largestContent() {
        let talk = FeedConversation(tenant: .none, key: 1, id: talk, participants: [alice, bob])
        let most = String(repeating: "x", count: FeedPayload.largestContent)
        let read = FeedPayload(bytes: FeedPayload([message(most, in: talk), message(most + "x", in: talk)]).bytes)
        #expect(content(of: read?.changes.first) == most)
        #expect(read?.changes.count == 2 && content(of: read?.changes.last) == nil)
    }

    @Test("Fifty participants are in the row, and more are left out")
    func mostParticipants() {
        for (count, isTold) in [(50, true), (51, false)] {
            let users = (0..<count).map { UserID(trusted: "user-\($0)") }
            let group = FeedConversation(tenant: .none, key: 1, id: talk, participants: users)
            let read = FeedPayload(bytes: FeedPayload([.opened(group)]).bytes)
            let expected = FeedConversation(tenant: .none, key: 1, id: talk, participants: isTold ? users : nil)
            #expect(read?.changes == [.opened(expected)])
        }
    }

    @Test("The largest batch fits, with the longest ids: contents and participants go first")
    func largestBatch() throws {
        func id(_ number: Int) -> String {
            let digits = String(number)
            return digits + String(repeating: "x", count: Identifier<UserKind>.maximumLength - digits.count)
        }
        let changes = (0..<1023).map { number in
            let conversation = FeedConversation(
                tenant: TenantID(trusted: id(number)), key: .min, id: ConversationID(trusted: id(number)),
                participants: (0..<50).map { UserID(trusted: id($0)) })
            return number < 512
                ? FeedChange.message(
                    conversation,
                    FeedMessage(
                        sender: UserID(trusted: id(1)), sentAt: Timestamp(milliseconds: .max),
                        clientMessageID: id(number), content: String(repeating: "x", count: 4096)))
                : .mark(conversation, reader: UserID(trusted: id(2)))
        }
        let bytes = FeedPayload(changes).bytes
        #expect(bytes.count <= FeedPayload.largestSize)
        let read = try #require(FeedPayload(bytes: bytes))
        #expect(read.changes.count == 1023, "none is left out")
    }

    @Test("What does not fit says that everything may have changed")
    func tooLarge() {
        let talk = FeedConversation(tenant: .none, key: 1, id: talk, participants: nil)
        let reader = UserID(trusted: String(repeating: "x", count: 300))
        let payload = FeedPayload((0..<4000).map { _ in .mark(talk, reader: reader) })
        #expect(FeedPayload(bytes: payload.bytes) == FeedPayload([.everything]))
    }
}
