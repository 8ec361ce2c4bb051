import Messaging

/// One pass over all conversations of a store that removes what is older than it is kept, or only looks at it.
public struct RetentionPass: Sendable {
    private let store: any RetentionStore
    private let rules: RetentionRules
    private let now: Timestamp
    private let mayGoOn: @Sendable (Duration) -> Bool

    /// The result of a pass.
    public struct Outcome: Sendable, Equatable {
        /// How many messages were removed.
        public var removed = 0
        /// Whether it came to the end.
        public var isComplete = false
        /// How much longer than it is kept the oldest message was there, in milliseconds, as far as the pass came.
        public var longestOverdue: Int64 = 0
    }

    /// - Parameters:
    ///   - now: the wall clock.
    ///   - mayGoOn: called after each step with the time that it took; waits as long as other writes are to have the store for themselves, and
    ///     returns whether to go on.
    public init(
        _ store: any RetentionStore, _ rules: RetentionRules, now: Timestamp,
        mayGoOn: @escaping @Sendable (Duration) -> Bool
    ) {
        self.store = store
        self.rules = rules
        self.now = now
        self.mayGoOn = mayGoOn
    }

    /// Removes what is too old; blocks.
    public func remove(progress: (_ removed: Int) -> Void) throws -> Outcome {
        var outcome = Outcome()
        outcome.isComplete = try visit { conversation in
            outcome.longestOverdue = max(outcome.longestOverdue, conversation.overdue)
            while true {
                let (removed, took) = try timed { try store.removeOverdue(conversation) }
                outcome.removed += removed
                if removed > 0 { progress(removed) }
                guard mayGoOn(took) else { return false }
                if removed == 0 { return true }
            }
        }
        return outcome
    }

    /// Only looks how much is too old, and removes nothing; blocks.
    public func look() throws -> Outcome {
        var outcome = Outcome()
        outcome.isComplete = try visit { conversation in
            outcome.longestOverdue = max(outcome.longestOverdue, conversation.overdue)
            return true
        }
        return outcome
    }

    /// Visits the overdue conversations until `body` returns false; whether all were visited.
    private func visit(_ body: (OverdueConversation) throws -> Bool) throws -> Bool {
        var place: RetentionPlace?
        repeat {
            let ((found, last), took) = try timed { try store.overdue(after: place, rules, now: now) }
            for conversation in found where try !body(conversation) { return false }
            guard mayGoOn(took) else { return false }
            place = last
        } while place != nil
        return true
    }

    private func timed<Result>(_ work: () throws -> Result) rethrows -> (Result, Duration) {
        let start = ContinuousClock.now
        return (try work(), .now - start)
    }
}

extension OverdueConversation {
    /// How much longer than it is kept its first message has been there, in milliseconds.
    fileprivate var overdue: Int64 { cutoff.milliseconds - oldest.milliseconds }
}
