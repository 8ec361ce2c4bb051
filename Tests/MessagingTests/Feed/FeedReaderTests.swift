import Messaging
import Synchronization
import Testing

@Suite("The reader of the feed")
struct FeedReaderTests {
    private final class Recorder: CommitObserver {
        private let state = Mutex<(commits: [[Commit]], resets: Int)>(([], 0))

        func committed(_ commits: [Commit]) { state.withLock { $0.commits.append(commits) } }
        func reset() { state.withLock { $0.resets += 1 } }

        var commits: [[Commit]] { state.withLock { $0.commits } }
        var resets: Int { state.withLock { $0.resets } }
    }

    private struct Unreachable: Error {}

    private let recorder = Recorder()
    private let pair = FeedConversation(tenant: .none, key: 7, id: talk, participants: [alice, bob])
    private let group = FeedConversation(tenant: .none, key: 8, id: ConversationID(trusted: "group"), participants: nil)

    private func look(
        _ rows: [FeedRow] = [], trimmedUpTo: Int64 = 0, newest: Int64? = nil, epoch: Epoch = k3f9
    ) -> FeedLook {
        FeedLook(
            epoch: epoch, trimmedUpTo: trimmedUpTo, newest: newest ?? rows.last?.position ?? 5 * 1024, rows: rows)
    }

    private func send(_ n: Int64, at position: Int64, in conversation: FeedConversation? = nil) -> FeedRow {
        FeedRow(
            position: position, numbers: [n],
            payload: FeedPayload([
                .message(
                    conversation ?? pair,
                    FeedMessage(
                        sender: alice, sentAt: Timestamp(milliseconds: 3), clientMessageID: "k", content: "\(n)"))
            ]))
    }

    /// A reader that stands at this position.
    private func reader(at position: Int64) -> FeedReader {
        var reader = FeedReader()
        _ = apply(look(newest: position), &reader)
        return reader
    }

    private func apply(_ look: FeedLook, _ reader: inout FeedReader) -> FeedReader.Progress {
        reader.apply(look, to: recorder) { (_, key) -> FeedConversation? in
            key == 8
                ? FeedConversation(tenant: .none, key: 8, id: group.id, participants: [alice, bob, carol]) : nil
        }
    }

    @Test("The first look begins at the newest row with an empty memory, and an empty feed where it was trimmed up to")
    func first() {
        var reader = FeedReader()
        #expect(apply(look([send(1, at: 1024)], newest: 9 * 1024), &reader) == .restarted)
        #expect(reader.position == 9 * 1024 && recorder.resets == 1 && recorder.commits.isEmpty)
        reader.restart()
        #expect(apply(look(trimmedUpTo: 11 * 1024, newest: 0), &reader) == .restarted)
        #expect(reader.position == 11 * 1024 && recorder.resets == 2)
    }

    @Test("Rows are applied in order, each once, and the position follows")
    func order() {
        var reader = reader(at: 1024)
        let rows = [send(1, at: 1024), send(2, at: 2048), send(3, at: 4096)]
        #expect(apply(look(rows), &reader) == .complete)
        #expect(recorder.commits.map { $0.map(\.conversation.lastN) } == [[2, 3]])
        #expect(recorder.commits.joined().map(\.conversation.change) == [2049, 4097])
        #expect(reader.position == 4096)
        #expect(apply(look(rows), &reader) == .complete)
        #expect(recorder.commits.count == 1, "nothing is new")
    }

    @Test("A look with fewer than a hundred rows is complete, and one with a hundred is cut")
    func cut() {
        var reader = reader(at: 1024)
        let rows = (2...101).map { send(Int64($0), at: Int64($0) * 1024) }
        #expect(apply(look(Array(rows.prefix(99)), newest: 101 * 1024), &reader) == .complete)
        #expect(reader.position == 102_400)
        reader = self.reader(at: 1024)
        #expect(apply(look(rows), &reader) == .cut)
        #expect(reader.position == 103_424)
    }

    @Test("Memory is emptied where rows after the position were removed, and kept where only rows before it were")
    func trimmed() {
        var reader = reader(at: 2048)
        #expect(apply(look([send(1, at: 4096)], trimmedUpTo: 2048), &reader) == .complete)
        #expect(recorder.resets == 1)
        #expect(apply(look([send(2, at: 8192)], trimmedUpTo: 4097), &reader) == .restarted)
        #expect(recorder.resets == 2 && recorder.commits.count == 1 && reader.position == 8192)
    }

    @Test("Memory is emptied where the epoch is another, or the feed ends before the position")
    func otherEpoch() throws {
        var reader = reader(at: 2048)
        let other = try #require(Epoch("z9"))
        #expect(apply(look([send(1, at: 4096)], epoch: other), &reader) == .restarted)
        #expect(reader.epoch == other && reader.position == 4096)
        #expect(apply(look(newest: 1024, epoch: other), &reader) == .restarted)
        #expect(reader.position == 1024 && recorder.resets == 3)
    }

    @Test("Memory is emptied by a row that says so, that this version cannot read, or that does not fit its numbers")
    func unreadable() {
        let unfit = FeedRow(position: 4096, numbers: [], payload: send(1, at: 0).payload)
        let unknown = FeedRow(position: 4096, payload: FeedPayload(bytes: [99]))
        let everything = FeedRow(position: 4096, payload: FeedPayload([.everything]))
        for (index, row) in [unfit, unknown, everything].enumerated() {
            var reader = reader(at: 2048)
            #expect(apply(look([send(1, at: 3072), row, send(2, at: 5120)]), &reader) == .restarted)
            #expect(reader.position == 5120 && recorder.commits.isEmpty && recorder.resets == 2 * (index + 1))
        }
    }

    @Test("Where participants cannot be read, nothing was applied, and the same look can be applied later")
    func failing() throws {
        var reader = reader(at: 1024)
        let rows = look([send(1, at: 2048), send(1, at: 3072, in: group)])
        #expect(throws: Unreachable.self) {
            try reader.apply(rows, to: recorder) { (_, _) throws(Unreachable) in throw Unreachable() }
        }
        #expect(reader.position == 1024 && recorder.commits.isEmpty)
        #expect(apply(rows, &reader) == .complete)
        #expect(recorder.commits.joined().map(\.listChanges.count) == [2, 3])
        #expect(
            apply(look([send(1, at: 4096, in: .init(tenant: .none, key: 9, id: talk, participants: nil))]), &reader)
                == .restarted)
    }

    @Test("A message that was stored before changes nothing, and later ones keep their change numbers")
    func replay() {
        var reader = reader(at: 1024)
        let two = send(0, at: 0).payload?.changes ?? []
        _ = apply(look([FeedRow(position: 2048, numbers: [0, 5], payload: FeedPayload(two + two))]), &reader)
        let commits = Array(recorder.commits.joined())
        #expect(commits.map(\.conversation.lastN) == [5])
        #expect(commits.first?.listChanges == [.init(user: alice, change: 2050), .init(user: bob, change: 2050)])
        #expect(commits.first?.message?.n == 5)
    }

    @Test("Markers of a conversation take the number of the last that moved; the lists are those the row names")
    func marks() {
        var reader = reader(at: 1024)
        let changes =
            (send(0, at: 0).payload?.changes ?? []) + [alice, bob, bob].map { FeedChange.mark(pair, reader: $0) }
        func row(_ position: Int64, _ lists: [Commit.ListChange]?) -> FeedRow {
            FeedRow(
                position: position, numbers: [0], marks: [4, 6, 0], markedLists: lists, payload: FeedPayload(changes))
        }
        _ = apply(look([row(2048, [.init(user: bob, change: 2051), .init(user: carol, change: 2050)])]), &reader)
        _ = apply(look([row(4096, nil)]), &reader)
        let commits = Array(recorder.commits.joined())
        #expect(commits.map { $0.conversation.participants.map(\.readUpTo) } == [[4, 6], [4, 6]])
        #expect(commits.map(\.listChanges) == [[.init(user: bob, change: 2051)], []])
        #expect(commits.map(\.forgottenLists) == [[], [alice, bob]])
    }

    @Test("An opening and a renaming change the lists of all participants")
    func openedAndRenamed() {
        var reader = reader(at: 1024)
        let opened = FeedRow(position: 2048, payload: FeedPayload([.opened(pair)]))
        let renamed = FeedRow(position: 3072, numbers: [8, 8], payload: FeedPayload([.renamed(.none)]))
        _ = apply(look([opened, renamed]), &reader)
        let commits = Array(recorder.commits.joined())
        #expect(commits.map(\.conversation.change) == [2048, 3073, 3074])
        #expect(
            commits.map { $0.listChanges.map(\.user) } == [[alice, bob], [alice, bob, carol], [alice, bob, carol]])
    }

    @Test("A removal changes the lists of all participants, with the revision, and up to where they have read at least")
    func removed() {
        var reader = reader(at: 1024)
        let payload = FeedPayload([.removed(.none)])
        _ = apply(
            look([FeedRow(position: 2048, numbers: [8, 8], marks: [5, 0, 9, 2], payload: payload)]), &reader)
        let commits = Array(recorder.commits.joined())
        #expect(commits.map(\.conversation.change) == [2049, 2050])
        #expect(commits.map(\.conversation.prunedUpTo) == [5, 9] && commits.map(\.conversation.revision) == [0, 2])
        #expect(commits.map { $0.conversation.participants.map(\.readUpTo) } == [[5, 5, 5], [9, 9, 9]])
        #expect(commits.allSatisfy { $0.isRemoval && $0.listChanges.map(\.user) == [alice, bob, carol] })
        let unfit = FeedRow(position: 3072, numbers: [8], marks: [5], payload: payload)
        #expect(apply(look([unfit]), &reader) == .restarted)
    }

    @Test("A node that was told of its own commits directly goes on after them")
    func ownCommits() {
        var reader = reader(at: 1024)
        reader.applied(ownCommitAt: 4096)
        reader.applied(ownCommitAt: 2048)
        _ = apply(look([send(1, at: 2048), send(2, at: 4096), send(3, at: 8192)]), &reader)
        #expect(recorder.commits.joined().map(\.conversation.lastN) == [3])
    }
}
