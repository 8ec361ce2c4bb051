import Dispatch
import Messaging
import Synchronization
import StoreTestSupport
import Testing

@Suite("Reads of bounded size", .onEachStore)
struct BoundsTests {
    let home: StoreHome
    let store: any Store

    init() throws {
        home = try StoreHome()
        store = try home.open()
    }

    /// Alice and Bob in turn, with so many bytes of content each.
    private func fill(_ id: String, _ count: Int, bytes: Int) async throws -> Conversation {
        let id = try store.open(id, alice, bob)
        for n in 1...count {
            let content = String(repeating: "x", count: bytes)
            _ = try await store.send(draft(n.isMultiple(of: 2) ? bob : alice, to: .id(id), content, key: "k\(n)"))
        }
        return try #require(try await store.conversation(.id(id), of: caller(alice)))
    }

    private func read(
        _ conversation: Conversation, _ slices: [MessageSlice], _ bytes: Int, count: Int = 500,
        _ kept: PageBounds.End = .oldest
    ) async throws -> [Int64] {
        try await store.messages(
            in: conversation, of: .none, slices, PageBounds(count: count, bytes: bytes, kept: kept)
        ) { $0 }
        .map(\.n)
    }

    @Test("Messages are read until their contents have a byte too many, from the end that is kept")
    func messages() async throws {
        let talk = try await fill("c", 10, bytes: 100)
        let all = [MessageSlice(1...10)]
        #expect(try await read(talk, all, 300) == [1, 2, 3, 4])
        #expect(try await read(talk, all, 299) == [1, 2, 3])
        #expect(try await read(talk, all, 300, .newest) == [7, 8, 9, 10])
        #expect(try await read(talk, all, 299, .newest) == [8, 9, 10])
        #expect(try await read(talk, all, 1000, .newest) == Array(1...10))
        #expect(try await read(talk, all, 0) == [1, 2], "the second tells that there is more")
        #expect(try await read(talk, all, 0, .newest) == [9, 10])
        #expect(try await read(talk, [MessageSlice(1...10, .only(alice))], 200) == [1, 3, 5])
        #expect(try await read(talk, [MessageSlice(1...10, .except(alice))], 200) == [2, 4, 6])
        #expect(try await read(talk, all, 1000, count: 3) == [1, 2, 3, 4])
    }

    @Test("Of several slices, no more is read than of one, and none is left out before the end")
    func slices() async throws {
        let talk = try await fill("c", 10, bytes: 100)
        let slices = [MessageSlice(1...8, .only(alice)), MessageSlice(2...6, .except(alice)), MessageSlice(9...10)]
        #expect(try await read(talk, slices, 300) == [1, 2, 3, 4])
        #expect(try await read(talk, slices, 600) == [1, 2, 3, 4, 5, 6, 7])
        #expect(try await read(talk, slices, 800) == [1, 2, 3, 4, 5, 6, 7, 9, 10])
    }

    @Test("What is read comes back as it was, from whichever end")
    func content() async throws {
        let talk = try await fill("c", 4, bytes: 100)
        let bounds = PageBounds(count: 500, bytes: 199, kept: .newest)
        let all = Array(try await store.messages(in: talk, [MessageSlice(1...4)], limit: 500))
        let newest = try await store.messages(in: talk, of: .none, [MessageSlice(1...4)], bounds) { Array($0) }
        #expect(newest == all.suffix(2))
    }

    /// The entries of a page, and of how many conversations the messages were read.
    private func list(
        _ window: ListWindow, _ bounds: PageBounds, _ embedded: PageBounds
    ) async throws -> (page: ConversationPage, read: [PackedMessages]) {
        let reads = Mutex<[PackedMessages]>([])
        let page = try await store.conversations(
            of: caller(alice), window, bounds, embedded: embedded,
            newest: { _, _, read in
                let found = try read()
                reads.withLock { $0.append(found) }
                return found
            }, make: { $0 })
        return (page, reads.withLock { $0 })
    }

    @Test(
        "A list is read until its texts have a byte too many, and goes on from there",
        arguments: [ListWindow.newest, .since(0)])
    func lists(window: ListWindow) async throws {
        for number in 0..<60 { _ = try await fill("c-\(number + 10)", 1, bytes: 1000) }
        let embedded = PageBounds(count: 20, bytes: 1 << 16, kept: .newest)
        // Each has an id of four bytes, two people whose names are their ids, and a message with its sender and key, whose content is there
        // twice.
        let each = 4 + 2 * 5 + 2 * 3 + 2 * 1000
        for (bytes, count) in [(3 * each + 100, 4), (0, 2), (1 << 20, 60)] {
            let (page, reads) = try await list(window, PageBounds(count: 100, bytes: bytes), embedded)
            #expect(page.conversations.count == count)
            #expect(reads.count == Self.read(count, of: 60), "not one conversation more than has to be")
            let isNewest = window == .newest
            let ids = (0..<60).map { "c-\($0 + 10)" }
            #expect(
                page.conversations.map(\.conversation.id.text)
                    == (isNewest ? ids.suffix(count) : ids.prefix(count)).reversed())
            guard count < 60 else { continue }
            let next = try await list(
                isNewest ? .before(try #require(page.olderBefore)) : .since(page.position),
                PageBounds(count: 100, bytes: 1 << 20), embedded)
            #expect(next.page.conversations.count == 60 - count)
        }
    }

    @Test("The last message counts where no messages are embedded, too: it is a part of its entry")
    func lastMessages() async throws {
        for number in 0..<10 { _ = try await fill("c-\(number)", 1, bytes: 1000) }
        let none = PageBounds(count: 0, bytes: 0, kept: .newest)
        let (page, reads) = try await list(.newest, PageBounds(count: 100, bytes: 3100), none)
        #expect(page.conversations.count == 4)
        #expect(reads.count == Self.read(4, of: 10))
    }

    @Test(
        "Embedded messages have exactly so many bytes of content, whatever else is in the page, and one more is read to know"
    )
    func embedded() async throws {
        _ = try await fill("c", 10, bytes: 1000)
        _ = try await fill("d", 3, bytes: 2000)
        let page = PageBounds(count: 100, bytes: 1 << 20)
        for (bytes, shown, read) in [(5000, 5, 6), (4999, 4, 5), (0, 1, 2), (10_000, 10, 10)] {
            let embedded = PageBounds(count: 20, bytes: bytes, kept: .newest)
            let (both, reads) = try await list(.newest, page, embedded)
            #expect(both.conversations[1].newest.map(\.n) == Array(Int64(11 - shown)...10))
            #expect(reads[1].count == read)
            let (alone, _) = try await list(.before(both.conversations[0].activity), page, embedded)
            #expect(alone.conversations == [both.conversations[1]])
        }
        let none = try await list(.newest, page, PageBounds(count: 0, bytes: 0, kept: .newest)).page
        #expect(none.conversations.map(\.newest.count) == [1, 1], "the last message is shown beside them")
    }

    /// Of how many conversations the messages are read for a page of so many: PostgreSQL reads those of 20 at a time.
    private static func read(_ count: Int, of all: Int) -> Int {
        StoreKind.current == .sqlite ? count : max(count, min(20, all))
    }

    /// How many reads a store of either kind runs at once.
    private static let readers = 4

    private final class Making: Sendable {
        let now = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        let gate = DispatchSemaphore(value: 0)
    }

    @Test("Answers are made where they are read, so that no more pages are in memory at a time than there are readers")
    func making() async throws {
        let talk = try await fill("c", 1, bytes: 10)
        let making = Making()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 {
                group.addTask { [store] in
                    try await store.messages(
                        in: talk, of: .none, [MessageSlice(1...1)], PageBounds(count: 1, bytes: 10)
                    ) { _ in
                        making.most.max(making.now.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                        making.gate.wait()
                        making.now.subtract(1, ordering: .relaxed)
                    }
                }
            }
            while making.now.load(ordering: .relaxed) < Self.readers { await Task.yield() }
            for _ in 0..<16 { making.gate.signal() }
            try await group.waitForAll()
        }
        #expect(making.most.load(ordering: .relaxed) == Self.readers)
    }
}
