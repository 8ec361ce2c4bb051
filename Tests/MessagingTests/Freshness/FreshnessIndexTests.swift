import Messaging
import Synchronization
import Testing

@Suite("The freshness index")
struct FreshnessIndexTests {
    private let store = HeldStore()
    private let index = FreshnessIndex(capacity: 2)
    private let caller = Caller(user: alice)
    private let first = conversation(lastN: 1, (alice, 0), (bob, 0))
    private let second = conversation(lastN: 2, (alice, 0), (bob, 0))

    init() {
        store.state.withLock { [first] in
            $0.conversations = [.id(talk): first, .direct(with: bob): first]
            $0.change = 5
        }
    }

    private func find(_ reference: ConversationReference = .id(talk)) async throws -> Conversation? {
        try await index.conversation(reference, of: caller, from: store)
    }

    @Test("The freshness index reads the store on first use only")
    func loadsOnce() async throws {
        #expect(index.conversation(.id(talk), of: caller) == nil)
        #expect(index.list(of: caller) == nil)
        for _ in 0..<3 {
            #expect(try await find() == first)
            #expect(try await index.list(of: caller, from: store) == ListFreshness(change: 5))
        }
        #expect(store.reads == 2)
        #expect(index.conversation(.id(talk), of: caller) == first)
        #expect(index.list(of: caller) == ListFreshness(change: 5))
    }

    private func text(_ n: Int64) -> Message {
        Message(n: n, sender: alice, content: "\(n)", sentAt: Timestamp(milliseconds: n), clientMessageID: nil)
    }

    private func newest(_ count: Int, upTo lastN: Int64, pruned: Int64 = 0, reads: inout Int) throws -> [Int64] {
        let talk = Conversation(
            id: talk, key: 1, lastN: lastN, prunedUpTo: pruned, participants: Array(first.participants))
        return try index.newestMessages(of: .none)(talk, PageBounds(count: count, bytes: .max)) {
            reads += 1
            return PackedMessages((max(pruned + 1, lastN - Int64(count) + 1)...lastN).map { text($0) })
        }.map(\.n)
    }

    @Test("the newest messages are read once, and go on with each commit; after a gap they are read again")
    func newestMessages() throws {
        func commit(_ n: Int64) {
            let talk = conversation(lastN: n, (alice, 0), (bob, 0))
            index.committed([Commit(tenant: .none, conversation: talk, listChanges: [], message: text(n))])
        }
        var reads = 0
        #expect(try newest(3, upTo: 9, reads: &reads) == [7, 8, 9])
        commit(10)
        commit(11)
        #expect(try newest(3, upTo: 11, reads: &reads) == [9, 10, 11])
        #expect(try newest(5, upTo: 11, reads: &reads) == [7, 8, 9, 10, 11])
        #expect(try newest(3, upTo: 9, reads: &reads) == [7, 8, 9], "as it was before the last commits")
        #expect(reads == 1)
        commit(13)
        #expect(try newest(2, upTo: 13, reads: &reads) == [12, 13])
        #expect(reads == 2)
        #expect(try newest(2, upTo: 13, pruned: 12, reads: &reads) == [13])
        #expect(try newest(2, upTo: 13, pruned: 13, reads: &reads) == [])
        #expect(reads == 2, "what was pruned is not looked for")
    }

    @Test(
        "the newest messages are cut by their bytes, and that they are is known from memory where one more than fits was read"
    )
    func newestBytes() throws {
        let talk = conversation(lastN: 9, (alice, 0), (bob, 0))
        var reads = 0
        func newest(_ bytes: Int) throws -> [Int64] {
            try index.newestMessages(of: .none)(talk, PageBounds(count: 9, bytes: bytes, kept: .newest)) {
                reads += 1
                return PackedMessages((6...9).map { text($0) })
            }.map(\.n)
        }
        // One byte each; the fourth from the end is the one too many.
        #expect(try newest(3) == [7, 8, 9])
        #expect(try newest(3) == [7, 8, 9])
        #expect(try newest(1) == [9])
        #expect(try newest(0) == [9])
        #expect(reads == 1)
        #expect(index.newest(within: PageBounds(count: 9, bytes: 4), in: talk, of: .none) == nil, "a fifth might fit")
        #expect(index.newest(within: PageBounds(count: 4, bytes: 4), in: talk, of: .none)?.map(\.n) == [6, 7, 8, 9])
    }

    @Test("A commit replaces the entries of the index that it changes")
    func replaces() async throws {
        _ = try await find()
        _ = try await index.list(of: caller, from: store)
        index.committed([commit(second)])
        #expect(index.conversation(.id(talk), of: caller) == second)
        #expect(index.list(of: caller) == ListFreshness(change: 6))
    }

    @Test("a commit brings in nothing that nobody asked for, and of another tenant changes nothing here")
    func otherCommits() async throws {
        index.committed([commit(second)])
        #expect(index.conversation(.id(talk), of: caller) == nil)
        #expect(index.list(of: caller) == nil)
        _ = try await find()
        _ = try await index.list(of: caller, from: store)
        index.committed([commit(second, tenant: TenantID(trusted: "acme"))])
        #expect(index.conversation(.id(talk), of: caller) == first)
        #expect(index.list(of: caller) == ListFreshness(change: 5))
    }

    @Test("Commits that come late or twice take nothing back: what is greater stays, for each marker by itself")
    func mergesByMaximum() async throws {
        _ = try await find()
        _ = try await index.list(of: caller, from: store)
        index.committed([commit(conversation(lastN: 7, (alice, 5), (bob, 0)), change: 9)])
        let token = index.invalidationToken(ofListOf: caller, at: 9)
        index.committed([commit(conversation(lastN: 3, (alice, 2), (bob, 3)), change: 8)])
        #expect(index.conversation(.id(talk), of: caller) == conversation(lastN: 7, (alice, 5), (bob, 3)))
        #expect(index.list(of: caller)?.change == 9)
        #expect(token?.isValid == true, "nobody is woken for nothing")
        let watched = index.invalidationToken(of: conversation(lastN: 7, (alice, 5), (bob, 3)), seenBy: caller)
        index.committed([commit(conversation(lastN: 7, (alice, 0), (bob, 0)), change: 9)])
        #expect(watched?.isValid == true)
    }

    @Test("a load that failed or found nothing is tried again")
    func failure() async throws {
        store.state.withLock { $0.fails = true }
        await #expect(throws: MessagingError.storeUnavailable("told to fail")) { try await find() }
        await #expect(throws: MessagingError.storeUnavailable("told to fail")) {
            try await index.list(of: caller, from: store)
        }
        store.state.withLock { $0.fails = false }
        #expect(try await find(.id(ConversationID(trusted: "conv-9"))) == nil)
        #expect(try await find(.id(ConversationID(trusted: "conv-9"))) == nil)
        #expect(try await find() == first)
        #expect(try await index.list(of: caller, from: store).change == 5)
        #expect(store.reads == 6)
    }

    @Test("the direct conversation is remembered for the caller who asked, and follows its commits")
    func direct() async throws {
        #expect(try await find(.direct(with: bob)) == first)
        index.committed([commit(second)])
        #expect(index.conversation(.direct(with: bob), of: caller) == second)
        #expect(index.conversation(.direct(with: bob), of: Caller(user: carol)) == nil)
        #expect(index.conversation(.direct(with: carol), of: caller) == nil)
    }

    @Test("The index is bounded: the entry used longest ago goes first, and is loaded again")
    func eviction() async throws {
        let others = ["conv-2", "conv-3"].map { ConversationID(trusted: $0) }
        for id in others {
            let other = conversation(id, lastN: 1, (alice, 0), (bob, 0))
            store.state.withLock { $0.conversations[.id(id)] = other }
        }
        _ = try await find()
        _ = try await find(.id(others[0]))
        _ = try await find()
        _ = try await find(.id(others[1]))
        #expect(index.conversation(.id(others[0]), of: caller) == nil)
        #expect(index.conversation(.id(talk), of: caller) == first)
        #expect(try await find(.id(others[0]))?.id == others[0])
    }

    @Test("the end of a page is remembered for the change it was read at, until the next")
    func pageEnd() async throws {
        let end = ListFreshness.PageEnd(limit: 100, messages: 20, olderBefore: 3)
        index.remember(end, at: 5, of: caller)
        #expect(index.list(of: caller) == nil)
        _ = try await index.list(of: caller, from: store)
        index.remember(end, at: 4, of: caller)
        #expect(index.list(of: caller)?.pageEnd == nil)
        index.remember(end, at: 5, of: caller)
        #expect(index.list(of: caller) == ListFreshness(change: 5, pageEnd: end))
        index.committed([commit(second)])
        #expect(index.list(of: caller) == ListFreshness(change: 6))
    }

    @Test("What the change of a list is in cursors is remembered beside the end of its page, until the next change")
    func image() async throws {
        let end = ListFreshness.PageEnd(limit: 100, messages: 20, olderBefore: 3)
        index.remember(image: 17, of: 5, of: caller)
        #expect(index.list(of: caller) == nil)
        _ = try await index.list(of: caller, from: store)
        index.remember(image: 16, of: 4, of: caller)
        #expect(index.list(of: caller) == ListFreshness(change: 5))
        index.remember(image: 17, of: 5, of: caller)
        index.remember(end, at: 5, of: caller)
        #expect(index.list(of: caller) == ListFreshness(change: 5, pageEnd: end, image: 17))
        index.remember(image: 17, of: 5, of: caller)
        #expect(index.list(of: caller) == ListFreshness(change: 5, pageEnd: end, image: 17))
        index.committed([commit(second)])
        #expect(index.list(of: caller) == ListFreshness(change: 6))
    }

    @Test("a list that was found is valid until a commit changes it, and not for another change than it is at")
    func listValidity() async throws {
        #expect(index.invalidationToken(ofListOf: caller, at: 5) == nil)
        _ = try await index.list(of: caller, from: store)
        #expect(index.invalidationToken(ofListOf: caller, at: 4) == nil)
        let invalidationToken = try #require(index.invalidationToken(ofListOf: caller, at: 5))
        index.remember(ListFreshness.PageEnd(limit: 100, messages: 20, olderBefore: 3), at: 5, of: caller)
        index.committed([commit(second, tenant: TenantID(trusted: "acme"))])
        #expect(invalidationToken.isValid)
        index.committed([commit(second)])
        #expect(!invalidationToken.isValid)
        #expect(try #require(index.invalidationToken(ofListOf: caller, at: 6)).isValid)
        #expect(!invalidationToken.isValid)
    }

    @Test("a conversation that was found is valid until a commit changes it, and only for marks that the caller sees")
    func conversationValidity() async throws {
        #expect(index.invalidationToken(of: first, seenBy: caller) == nil)
        _ = try await find()
        var others = [first, first, conversation(lastN: 1, (alice, 0), (bob, 1))]
        others[0].revision = 1
        others[1].prunedUpTo = 1
        #expect(others.allSatisfy { index.invalidationToken(of: $0, seenBy: caller) == nil })
        #expect(index.invalidationToken(of: first, seenBy: Caller(user: carol)) == nil)
        let validities = try [alice, bob].map { user in
            try #require(index.invalidationToken(of: first, seenBy: Caller(user: user)))
        }
        #expect(validities.map(\.isValid) == [true, true])
        index.committed([commit(second)])
        #expect(validities.map(\.isValid) == [false, false])
    }

    @Test("A removal drops the messages that are kept, and what a read that began before it finds is not kept")
    func removal() throws {
        var emptied = first
        emptied.revision = 1
        func newest(_ content: String, in state: Conversation, _ meanwhile: () -> Void = {}) throws -> [String] {
            try index.newestMessages(of: .none)(state, PageBounds(count: 1, bytes: .max)) {
                meanwhile()
                return PackedMessages([
                    Message(
                        n: 1, sender: alice, content: content, sentAt: Timestamp(milliseconds: 0), clientMessageID: nil)
                ])
            }.map(\.content)
        }
        #expect(try newest("secret", in: first) == ["secret"])
        #expect(try newest("", in: emptied) == [""], "of a later revision than what is kept")
        #expect(try newest("read again", in: first) == ["read again"], "as it was in the revision before")
        let removal = Commit(tenant: .none, conversation: emptied, listChanges: [], isRemoval: true)
        #expect(
            try newest("secret", in: conversation(ConversationID(trusted: "conv-2"), lastN: 1, (alice, 0), (bob, 0)))
                == [
                    "secret"
                ])
        index.committed([removal])
        #expect(try newest("secret", in: first) { index.committed([removal]) } == ["secret"])
        #expect(try newest("", in: first) == [""], "what was read before the removal was not kept")
    }

    @Test("An entry that the index drops is valid no more")
    func evictedValidity() async throws {
        _ = try await find()
        let invalidationToken = try #require(index.invalidationToken(of: first, seenBy: caller))
        for name in ["conv-2", "conv-3"] {
            #expect(invalidationToken.isValid)
            let id = ConversationID(trusted: name)
            store.state.withLock { $0.conversations[.id(id)] = conversation(id, lastN: 1, (alice, 0), (bob, 0)) }
            _ = try await find(.id(id))
        }
        #expect(index.conversation(.id(talk), of: caller) == nil)
        #expect(!invalidationToken.isValid)
    }

    @Test("Whoever observes a state is told after all of a commit is in memory, and may read it")
    func observers() async throws {
        _ = try await find()
        _ = try await index.list(of: caller, from: store)
        let conversation = try #require(index.invalidationToken(of: first, seenBy: caller))
        let list = try #require(index.invalidationToken(ofListOf: caller, at: 5))
        let seen = Mutex<[Int64?]>([])
        for token in [conversation, list] {
            _ = token.observe { [index, caller] in
                seen.withLock {
                    $0 += [index.conversation(.id(talk), of: caller)?.lastN, index.list(of: caller)?.change]
                }
            }
        }
        index.committed([commit(second)])
        #expect(seen.withLock { $0 } == [2, 6, 2, 6])
    }

    @Test("Whoever observes a state is told when it is evicted")
    func evictedObservers() async throws {
        _ = try await index.list(of: caller, from: store)
        let token = try #require(index.invalidationToken(ofListOf: caller, at: 5))
        let calls = Mutex(0)
        _ = token.observe { calls.withLock { $0 += 1 } }
        for user in [bob, carol] { _ = try await index.list(of: Caller(user: user), from: store) }
        #expect(calls.withLock { $0 } == 1)
    }
}
