import Messaging
import Synchronization

/// One bucket per key, for a bounded number of keys; the least recently used one is evicted first.
///
/// An evicted bucket is full when it comes back. To misuse that, a client would need as many keys as there are buckets.
final class RateLimiter<Key: Hashable & Sendable>: Sendable {
    private let limit: RateLimit
    private let buckets: Mutex<LeastRecentlyUsed<Key, Int64>>

    /// How many requests were refused.
    let refusals = Atomic<Int>(0)

    init(_ limit: RateLimit, capacity: Int) {
        self.limit = limit
        buckets = Mutex(LeastRecentlyUsed(capacity: capacity))
    }

    /// How many buckets there are.
    var count: Int { buckets.withLock { $0.count } }

    /// Takes a token from the key's bucket.
    ///
    /// - Parameter now: nanoseconds of a monotonic clock.
    /// - Throws: `rate-limited`.
    func take(_ key: Key, now: Int64) throws(Problem) {
        if let wait = attempt(1, of: key, now: now) { throw refusal(waiting: wait) }
    }

    /// Takes tokens from the key's bucket, or says how many nanoseconds from now there will be enough.
    func attempt(_ tokens: Int, of key: Key, now: Int64) -> Int64? {
        guard limit.perSecond > 0 else { return nil }
        return buckets.withLock { buckets in
            buckets.use(key, orSet: 0) { limit.take(tokens, fullAt: &$0, now: now) }
        }
    }

    /// Puts tokens back that were taken for something that did not happen.
    func giveBack(_ tokens: Int, to key: Key) {
        guard limit.perSecond > 0 else { return }
        buckets.withLock { buckets in
            _ = buckets.update(key) { limit.giveBack(tokens, fullAt: &$0) }
        }
    }

    /// Takes tokens from the key's bucket for work that was done already, even if there are fewer.
    func charge(_ tokens: Int, to key: Key, now: Int64) {
        guard limit.perSecond > 0, tokens > 0 else { return }
        buckets.withLock { buckets in
            buckets.use(key, orSet: 0) { limit.charge(tokens, fullAt: &$0, now: now) }
        }
    }

    /// Checks whether the key's bucket is empty, without taking anything.
    ///
    /// - Throws: `rate-limited`.
    func check(_ key: Key, now: Int64) throws(Problem) {
        guard limit.perSecond > 0 else { return }
        let wait = buckets.withLock { buckets in
            guard var fullAt = buckets.value(for: key) else { return Int64?.none }
            return limit.take(fullAt: &fullAt, now: now)
        }
        if let wait { throw refusal(waiting: wait) }
    }

    /// The `429` answer; it is counted.
    func refusal(waiting wait: Int64) -> Problem {
        refusals.add(1, ordering: .relaxed)
        return limit.problem(waiting: wait)
    }
}
