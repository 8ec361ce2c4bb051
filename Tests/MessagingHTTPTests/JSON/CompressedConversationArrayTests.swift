import Messaging
import TestSupport
import Testing

@testable import MessagingHTTP

@Suite("Pages of compressed entries")
struct CompressedConversationArrayTests {
    private let viewer = ReadMarks(latest: 2, othersReadUpTo: 1, viewerReadUpTo: 2)

    private func page(_ keys: [Int64]) -> ConversationPage {
        let entries = keys.enumerated().map { place, key in
            ConversationSummary(
                conversation: Conversation(
                    id: ConversationID(trusted: "c-\(key)"), key: key, lastN: 2,
                    participants: [.init(user: alice), .init(user: bob)]),
                participantCount: 2, people: [Person(id: alice), Person(id: bob, name: "B \"B\"")], marks: viewer,
                unread: key, newest: PackedMessages([message(1, from: alice, "Is \(key) it?"), message(2, from: bob)]),
                openedAt: noon, activity: Int64(100 - place), change: key)
        }
        return ConversationPage(conversations: entries, latestChange: 9, position: 9, olderBefore: nil)
    }

    private func compressed(
        _ keys: [Int64], texts: [Int64: EntryText] = [:], embedded: Int = 20, atMost size: Int = .max
    ) throws -> CompressedConversationArray {
        try #require(
            CompressedConversationArray(page(keys), texts: texts, for: alice, embedded: embedded, atMost: size))
    }

    private func plain(_ keys: [Int64], embedded: Int = 20, atMost size: Int = .max) -> ConversationArray {
        ConversationArray(page(keys), .newest, for: alice, embedded: embedded, atMost: size, isWritten: true)
    }

    @Test(
        "They are the same as the page, however many of them were compressed before, and in which order",
        arguments: 0...5)
    func same(known: Int) throws {
        let keys: [Int64] = [4, 2, 5, 1, 3]
        let before = try compressed(Array(keys.prefix(known).reversed()))
        let array = try compressed(keys, texts: before.texts)
        #expect(gunzip(array.bytes) == plain(keys).bytes)
        #expect(array.size == plain(keys).bytes.count)
        #expect(array.isCompressedAnew == (known < 5))
        // The same state is the same bytes: they have one entity tag.
        #expect(try array.bytes == compressed(keys).bytes)
    }

    @Test("Entries that were compressed with another number of messages are compressed again")
    func embedded() throws {
        let before = try compressed([1, 2, 3], embedded: 1)
        let array = try compressed([1, 2, 3], texts: before.texts, embedded: 20)
        #expect(array.isCompressedAnew)
        #expect(gunzip(array.bytes) == plain([1, 2, 3], embedded: 20).bytes)
        #expect(gunzip(before.bytes) == plain([1, 2, 3], embedded: 1).bytes)
    }

    @Test("As many entries as the page has in so many bytes, at least one")
    func bounds() throws {
        let texts = try compressed([1, 2, 3]).texts
        let whole = plain([1, 2, 3]).size
        for size in [whole, whole - 1, whole / 2, 1] {
            let expected = plain([1, 2, 3], atMost: size)
            for known in [[:], texts] {
                let array = try compressed([1, 2, 3], texts: known, atMost: size)
                #expect(gunzip(array.bytes) == expected.bytes)
                #expect(array.page == expected.page && array.size == expected.size)
            }
        }
        #expect(try gunzip(compressed([]).bytes) == Array("[]".utf8))
    }
}
