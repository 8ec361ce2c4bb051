import HTTP
import Messaging
import Synchronization
import Testing

@testable import MessagingHTTP

/// The bucket itself, and many of them.
struct RateLimitTests {
    private static let second: Int64 = 1_000_000_000

    @Test("A bucket gives its burst at once, and then one for each interval")
    func bucket() {
        let limit = RateLimit(name: "sends", perSecond: 5, burst: 30)
        var fullAt: Int64 = 0
        let start = 1_000 * Self.second
        for _ in 0..<30 { #expect(limit.take(fullAt: &fullAt, now: start) == nil) }
        #expect(limit.take(fullAt: &fullAt, now: start) == Self.second / 5)
        #expect(limit.take(fullAt: &fullAt, now: start + Self.second / 5 - 1) == 1)
        #expect(limit.take(fullAt: &fullAt, now: start + Self.second / 5) == nil)
        #expect(limit.take(fullAt: &fullAt, now: start + Self.second / 5) == Self.second / 5)
    }

    @Test("In the long run nobody gets more than burst and rate allow, and who waits as told is served")
    func longRun() {
        let limit = RateLimit(name: "sends", perSecond: 7, burst: 10)
        var (fullAt, now, served) = (Int64(0), Self.second, 0)
        while now < 1_001 * Self.second {
            if let wait = limit.take(fullAt: &fullAt, now: now) {
                #expect(wait > 0)
                now += wait
                #expect(limit.take(fullAt: &fullAt, now: now) == nil)
            }
            served += 1
        }
        #expect((6_990...7_020).contains(served))
    }

    @Test("Being refused costs nothing, so a client that hammers is served as soon as one that waits")
    func refusalsAreFree() {
        let limit = RateLimit(name: "sends", perSecond: 1, burst: 1)
        var fullAt: Int64 = 0
        #expect(limit.take(fullAt: &fullAt, now: Self.second) == nil)
        for _ in 0..<1000 { #expect(limit.take(fullAt: &fullAt, now: Self.second) == Self.second) }
        #expect(limit.take(fullAt: &fullAt, now: 2 * Self.second) == nil)
    }

    @Test("No rate and no burst that can be set makes the sums overflow")
    func extremes() {
        for perSecond in [.leastNonzeroMagnitude, 1e-300, 1e-12, 1e-9, 1e-5, 1, 1e6, 1e12, .greatestFiniteMagnitude] {
            for burst in [-1, 0, 1, 30, 1_000_000, Int(Int32.max)] {
                let limit = RateLimit(name: "sends", perSecond: perSecond, burst: burst)
                for now in [0, Self.second, Int64.max / 4] {
                    var fullAt: Int64 = 0
                    #expect(limit.take(fullAt: &fullAt, now: now) == nil || now == 0)
                    _ = limit.take(fullAt: &fullAt, now: now)
                    let problem = limit.problem(waiting: limit.take(fullAt: &fullAt, now: now) ?? 1)
                    #expect(problem.kind == .rateLimited)
                }
            }
        }
    }

    @Test("The problem carries Retry-After, and the policy and state of the bucket")
    func problem() {
        let problem = RateLimit(name: "sends", perSecond: 5, burst: 30).problem(waiting: 1_200_000_001)
        #expect(problem.fields.contains(Response.Field("Retry-After", "2")))
        #expect(problem.fields.contains(Response.Field("RateLimit-Policy", "\"sends\";q=30;w=6")))
        #expect(problem.fields.contains(Response.Field("RateLimit", "\"sends\";r=0;t=2")))
    }

    @Test("A rate of 0 sets no limit")
    func unlimited() throws {
        let limiter = RateLimiter<Int>(RateLimit(name: "polls", perSecond: 0, burst: 1), capacity: 1)
        for _ in 0..<10_000 { try limiter.take(1, now: 0) }
        try limiter.check(1, now: 0)
        #expect(limiter.count == 0)
    }

    @Test("A million distinct ids take no more room than the capacity, and those who came last are still counted")
    func bounded() throws {
        let limiter = RateLimiter<Int>(RateLimit(name: "polls", perSecond: 1, burst: 1), capacity: 1000)
        for id in 0..<1_000_000 { try limiter.take(id, now: Self.second) }
        #expect(limiter.count == 1000)
        for id in 999_000..<1_000_000 { #expect(throws: Problem.self) { try limiter.take(id, now: Self.second) } }
        #expect(limiter.count == 1000)
    }

    @Test("Looking at a bucket takes nothing and leaves no entry")
    func looking() throws {
        let limiter = RateLimiter<Int>(RateLimit(name: "failures", perSecond: 1, burst: 1), capacity: 10)
        for _ in 0..<10 { try limiter.check(1, now: Self.second) }
        #expect(limiter.count == 0)
        try limiter.take(1, now: Self.second)
        #expect(throws: Problem.self) { try limiter.check(1, now: Self.second) }
        try limiter.check(1, now: 2 * Self.second)
        try limiter.take(1, now: 2 * Self.second)
    }
}
