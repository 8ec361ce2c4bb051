import Messaging
import Synchronization
import TestSupport

/// The feed of one store that several nodes share, as a database would keep it: a row for each commit, in their order.
///
/// The store tells it of each commit before its sender is answered. It makes rows of them, in bytes, and sometimes leaves out of a row what
/// may be left out; now and then it forgets the oldest rows, perhaps too early.
final class SharedFeed: CommitObserver {
    private struct State {
        var rows: [FeedRow] = []
        var trimmedUpTo: Int64 = -1
        var conversations: [Int64: FeedConversation] = [:]
        var participants: [Int64: Participants] = [:]
        var commits: [Int64: [Int64: (Commit, position: Int64)]] = [:]
        /// A row that is not visible yet, and for how many more looks.
        var held: (row: FeedRow, looks: Int)?
        var holdsNext = false
        var chance: Generator
    }

    private let isOrdered: Atomic<Bool>
    private let state: Mutex<State>

    /// - Parameter isOrdered: whether each row becomes visible after all of lower positions.
    init(seed: UInt64, isOrdered: Bool = true) {
        self.isOrdered = Atomic(isOrdered)
        state = Mutex(State(chance: Generator(seed: seed)))
    }

    /// Whether a commit has returned to nobody yet, because its row is not visible.
    var isHolding: Bool { state.withLock { $0.held != nil } }

    /// The commit of a message, and the position of its row.
    func commit(of n: Int64, in conversation: Int64) -> (Commit, position: Int64)? {
        state.withLock { $0.commits[conversation]?[n] }
    }

    func committed(_ commits: [Commit]) {
        state.withLock { state in
            for commit in commits {
                let row = Self.row(for: commit, &state)
                if let message = commit.message {
                    state.commits[commit.conversation.key, default: [:]][message.n] = (commit, row.position)
                }
                if state.held == nil,
                    state.holdsNext || (!isOrdered.load(ordering: .relaxed) && state.chance.once(in: 3))
                {
                    state.held = (row, state.holdsNext ? .max : 20)
                    state.holdsNext = false
                } else {
                    state.rows.append(row)
                }
            }
        }
    }

    func reset() {}

    /// The first rows after a position, or only where the feed ends.
    func look(after position: Int64?, most: Int, epoch: Epoch) -> FeedLook {
        state.withLock { state in
            Self.release(&state)
            let rows = state.rows.drop { $0.position <= position ?? .max }.prefix(most)
            let newest = state.rows.last?.position ?? -1
            return FeedLook(
                epoch: epoch, trimmedUpTo: state.trimmedUpTo, newest: max(newest, state.trimmedUpTo), rows: Array(rows))
        }
    }

    func conversation(_ key: Int64) -> FeedConversation? { state.withLock { $0.conversations[key] } }

    /// Keeps the row of the next commit back until ``end()``.
    func holdNext() { state.withLock { $0.holdsNext = true } }

    /// Has all rows become visible.
    func end() {
        isOrdered.store(true, ordering: .relaxed)
        state.withLock { state in
            state.held?.looks = 1
            Self.release(&state)
        }
    }

    private static func release(_ state: inout State) {
        guard let held = state.held else { return }
        state.held?.looks -= 1
        guard held.looks <= 1 else { return }
        let place = state.rows.firstIndex { $0.position > held.row.position } ?? state.rows.endIndex
        state.rows.insert(held.row, at: place)
        state.held = nil
    }

    /// Forgets the oldest rows, now and then all but a few.
    func trim() {
        state.withLock { state in
            guard state.chance.once(in: 50), state.rows.count > 3 else { return }
            let count = state.rows.count - state.chance.below(3)
            state.trimmedUpTo = state.rows[count - 1].position
            state.rows.removeFirst(count)
        }
    }

    /// The row of a commit with one change number, which comes after its position.
    private static func row(for commit: Commit, _ state: inout State) -> FeedRow {
        let conversation = commit.conversation
        let change = commit.listChanges.first?.change ?? conversation.change
        let position = change - 1
        let before = state.participants.updateValue(conversation.participants, forKey: conversation.key)
        let users = conversation.participants.map(\.user)
        func named(_ users: [UserID]?) -> FeedConversation {
            FeedConversation(
                tenant: commit.tenant, key: conversation.key, id: conversation.id, participants: users)
        }
        state.conversations[conversation.key] = named(users)
        let told = named(state.chance.once(in: 4) ? nil : users)
        func row(
            _ change: FeedChange, numbers: [Int64] = [], marks: [Int64] = [], lists: [Commit.ListChange]? = nil
        ) -> FeedRow {
            FeedRow(
                position: position, numbers: numbers, marks: marks, markedLists: lists,
                payload: FeedPayload(bytes: FeedPayload([change]).bytes))
        }
        if let message = commit.message {
            let content = state.chance.once(in: 8) ? nil : message.content
            return row(
                .message(
                    told,
                    FeedMessage(
                        sender: message.sender, sentAt: message.sentAt,
                        clientMessageID: content == nil ? nil : message.clientMessageID, content: content)),
                numbers: [message.n])
        }
        if commit.isRemoval {
            return row(
                .removed(commit.tenant), numbers: [conversation.key],
                marks: [conversation.prunedUpTo, conversation.revision])
        }
        if conversation.change == change { return row(.renamed(commit.tenant), numbers: [conversation.key]) }
        let moved = conversation.participants.indices.filter {
            conversation.participants[$0].readUpTo != before?[$0].readUpTo
        }
        guard before != nil, moved.count == 1 else { return row(.everything) }
        let reader = conversation.participants[moved[0]]
        return row(
            .mark(told, reader: reader.user), marks: [reader.readUpTo],
            lists: state.chance.once(in: 4) ? nil : commit.listChanges)
    }
}
