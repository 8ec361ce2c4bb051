import Messaging
import Metrics
import Synchronization

/// Measures how long messages take from their commit to the moment that a recipient first fetches them.
///
/// A recipient is a participant of the conversation other than the sender. A recipient has fetched a message when a poll is answered
/// with it; each pair of message and recipient counts once. The last pairs that are not fetched yet are watched, up to a limit. Pairs
/// above the limit are dropped, and counted as dropped.
public final class DeliveryClock: CommitObserver {
    /// The upper bounds of the buckets for latencies, in seconds: a poll that waits is answered in milliseconds, others come every ten seconds.
    private static let bounds = [
        0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10, 15, 20, 30, 60, 300, 1800,
    ]

    private struct Inbox: Hashable {
        let tenant: TenantID
        let conversation: ConversationID
        let user: UserID
    }

    private struct State {
        /// The moments of the commits, by the messages' numbers: an answer costs its own messages, however many wait.
        var waiting: [Inbox: [Int64: Int64]] = [:]
        /// All pairs in the order of their commits, those that are fetched by now included; a ring once it is full.
        var order: [(inbox: Inbox, n: Int64)] = []
        var oldest = 0
        var forgotten = 0
        var latencies = Histogram(bounds: DeliveryClock.bounds)
    }

    private let state = Mutex(State())
    private let capacity: Int
    private let ticks: @Sendable () -> Int64

    /// - Parameters:
    ///   - capacity: how many pairs of message and recipient to watch.
    ///   - ticks: nanoseconds of a monotonic clock; any thread may call it.
    public init(capacity: Int = 50_000, ticks: @escaping @Sendable () -> Int64) {
        precondition(capacity > 0)
        self.capacity = capacity
        self.ticks = ticks
    }

    /// Begins to watch the messages of these commits; called before a client can fetch them.
    public func committed(_ commits: [Commit]) {
        let now = ticks()
        state.withLock { state in
            for commit in commits {
                guard let message = commit.message else { continue }
                for recipient in commit.conversation.participants where recipient.user != message.sender {
                    let inbox = Inbox(
                        tenant: commit.tenant, conversation: commit.conversation.id, user: recipient.user)
                    state.waiting[inbox, default: [:]][message.n] = now
                    remember((inbox, message.n), &state)
                }
            }
        }
    }

    /// Watches none of the messages any more: their numbers may be others' now.
    public func reset() {
        state.withLock { $0.waiting = [:] }
    }

    /// Records that an answer to this caller has the messages with these numbers; iterates over them once.
    func fetched(_ numbers: some Sequence<Int64>, in conversation: ConversationID, by caller: Caller) {
        let inbox = Inbox(tenant: caller.tenant, conversation: conversation, user: caller.user)
        let now = ticks()
        state.withLock { state in
            // Taken out of the table while it changes; otherwise all of it would be copied.
            guard var waiting = state.waiting.removeValue(forKey: inbox) else { return }
            for n in numbers {
                guard let since = waiting.removeValue(forKey: n) else { continue }
                state.latencies.observe(Double(max(0, now - since)) / 1e9)
                if waiting.isEmpty { return }
            }
            state.waiting[inbox] = waiting
        }
    }

    /// The latencies so far, in seconds.
    public var latencies: Histogram { state.withLock { $0.latencies } }

    /// How many pairs were dropped before the message was fetched.
    public var forgotten: Int { state.withLock { $0.forgotten } }

    private func remember(_ pair: (inbox: Inbox, n: Int64), _ state: inout State) {
        guard state.order.count == capacity else {
            state.order.append(pair)
            return
        }
        forget(state.order[state.oldest], &state)
        state.order[state.oldest] = pair
        state.oldest = (state.oldest + 1) % capacity
    }

    private func forget(_ pair: (inbox: Inbox, n: Int64), _ state: inout State) {
        guard state.waiting[pair.inbox]?.removeValue(forKey: pair.n) != nil else { return }
        if state.waiting[pair.inbox]?.isEmpty == true { state.waiting[pair.inbox] = nil }
        state.forgotten += 1
    }
}
