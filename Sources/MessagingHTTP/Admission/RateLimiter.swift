import HTTP
import Messaging
import Synchronization

/// A rate limit: a token bucket.
public struct RateLimit: Sendable, Equatable {
    /// The name in `RateLimit` fields.
    public let name: String
    /// How many a second in the long run; 0 sets no limit.
    public let perSecond: Double
    /// How many at once.
    public let burst: Int

    /// Creates a rate limit.
    public init(name: String, perSecond: Double, burst: Int) {
        self.name = name
        self.perSecond = perSecond
        self.burst = max(burst, 1)
    }

    /// Takes tokens, or says how many nanoseconds from now there will be enough.
    ///
    /// The bucket is one number, the moment at which it will be full again (the generic cell rate algorithm, ITU-T I.371).
    ///
    /// - Parameters:
    ///   - tokens: how many; of more than a bucket holds, a bucketful.
    ///   - fullAt: the state of the bucket, in nanoseconds of the same clock as `now`.
    func take(_ tokens: Int = 1, fullAt: inout Int64, now: Int64) -> Int64? {
        let next = max(fullAt, now) + time(for: tokens)
        let wait = next - interval * Int64(burst) - now
        guard wait <= 0 else { return wait }
        fullAt = next
        return nil
    }

    /// Puts tokens back that were taken.
    func giveBack(_ tokens: Int, fullAt: inout Int64) {
        fullAt -= time(for: tokens)
    }

    private func time(for tokens: Int) -> Int64 { interval * Int64(min(tokens, burst)) }

    /// Takes tokens even if there are fewer: the balance becomes negative until they have been refilled.
    func charge(_ tokens: Int, fullAt: inout Int64, now: Int64) {
        let cost = interval.multipliedReportingOverflow(by: Int64(tokens))
        // A year is long enough, and can be reckoned with.
        let year: Int64 = 31_536_000_000_000_000
        fullAt = max(fullAt, now) + min(cost.overflow ? year : cost.partialValue, year)
        fullAt = min(fullAt, max(now + interval * Int64(burst), now) + year)
    }

    /// Nanoseconds for one token, cut so that a whole bucket of them is a time that can be reckoned with: 30 years.
    private var interval: Int64 { Int64(min(1e9 / perSecond, 1e18 / Double(burst))) }

    /// The `429` answer (RFC 6585, section 4, and the Internet-Draft on RateLimit header fields).
    func problem(waiting nanoseconds: Int64) -> Problem {
        let seconds = max(1, (nanoseconds + 999_999_999) / 1_000_000_000)
        let window = max(1, Int((Double(interval) * Double(burst) / 1e9).rounded(.up)))
        return Problem(
            .rateLimited, "Too many \(name); try again in \(seconds) s.",
            fields: [
                Response.Field("Retry-After", String(seconds)),
                Response.Field("RateLimit-Policy", "\"\(name)\";q=\(burst);w=\(window)"),
                Response.Field("RateLimit", "\"\(name)\";r=0;t=\(seconds)"),
            ])
    }
}

/// One bucket per key, for a bounded number of keys; the least recently used one is evicted first.
///
/// An evicted bucket is full when it comes back. To misuse that, a client would need as many keys as there are buckets.
final class RateLimiter<Key: Hashable & Sendable>: Sendable {
    private let limit: RateLimit
    private let buckets: Mutex<LeastRecentlyUsed<Key, Int64>>
    private let whenRefused: (@Sendable (Key, Int64) -> Void)?

    /// How many requests were refused.
    let refusals = Atomic<Int>(0)

    /// - Parameter whenRefused: called with each key that is refused, and with the time in nanoseconds, on the thread of the request.
    init(_ limit: RateLimit, capacity: Int, whenRefused: (@Sendable (Key, Int64) -> Void)? = nil) {
        self.limit = limit
        self.whenRefused = whenRefused
        buckets = Mutex(LeastRecentlyUsed(capacity: capacity))
    }

    /// How many buckets there are.
    var count: Int { buckets.withLock { $0.count } }

    /// Takes a token from the key's bucket.
    ///
    /// - Parameter now: nanoseconds of a monotonic clock.
    /// - Throws: `rate-limited`.
    func take(_ key: Key, now: Int64) throws(Problem) {
        if let wait = attempt(1, of: key, now: now) { throw refusal(of: key, waiting: wait, now: now) }
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
        if let wait { throw refusal(of: key, waiting: wait, now: now) }
    }

    /// The `429` answer; it is counted.
    func refusal(of key: Key, waiting wait: Int64, now: Int64) -> Problem {
        refusals.add(1, ordering: .relaxed)
        whenRefused?(key, now)
        return limit.problem(waiting: wait)
    }
}
