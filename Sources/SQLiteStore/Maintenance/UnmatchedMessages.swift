import GRDB
import Messaging
import StoreWork
import Synchronization

/// The messages without a key that a conversation had before an import and that no record has matched yet.
///
/// Equal records match equal messages one by one: the first the first, the second the second. Any thread may use it.
final class UnmatchedMessages: Sendable {
    private struct State {
        /// The numbers of equal messages, latest first.
        var numbers: [MessageFingerprint: [Int64]] = [:]
        /// Those that were taken since the last ``keepTaken()``, in order.
        var taken: [(MessageFingerprint, Int64)] = []
    }

    private let state: Mutex<State>
    /// How many there were.
    let count: Int

    /// Takes the numbers of messages by their fingerprints.
    ///
    /// - Parameter messages: oldest first.
    init(_ messages: [(MessageFingerprint, Int64)]) {
        var state = State()
        for (fingerprint, n) in messages.reversed() { state.numbers[fingerprint, default: []].append(n) }
        count = messages.count
        self.state = Mutex(state)
    }

    /// Takes the first message that a record matches; nil where there is none.
    func take(_ fingerprint: MessageFingerprint) -> Int64? {
        state.withLock { state in
            guard let n = state.numbers[fingerprint]?.popLast() else { return nil }
            if state.numbers[fingerprint]?.isEmpty == true { state.numbers[fingerprint] = nil }
            state.taken.append((fingerprint, n))
            return n
        }
    }

    /// Makes what was taken since the last ``keepTaken()`` available again: the transaction that took it did not happen.
    func undo() {
        state.withLock { state in
            while let (fingerprint, n) = state.taken.popLast() { state.numbers[fingerprint, default: []].append(n) }
        }
    }

    /// Keeps what was taken: the transaction that took it is on disk.
    func keepTaken() {
        state.withLock { $0.taken = [] }
    }
}

extension StoredMessages {
    /// The messages without a key of their sender, as an import compares them, oldest first; at most `limit` after a number.
    func fingerprints(after n: Int64, upTo last: Int64, limit: Int) throws -> [(MessageFingerprint, Int64)] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT n, sender_id, sent_at_ms, content FROM messages
                WHERE conversation_key = ? AND n > ? AND n <= ? AND client_message_id IS NULL
                ORDER BY n LIMIT ?
                """)
        var found: [(MessageFingerprint, Int64)] = []
        let cursor = try Row.fetchCursor(statement, arguments: [key, n, last, limit])
        while let row = try cursor.next() {
            let fingerprint = MessageFingerprint(
                sender: UserID(trusted: row[1]), milliseconds: row[2], content: row[3])
            found.append((fingerprint, row[0]))
        }
        return found
    }
}
