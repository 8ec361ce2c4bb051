import HTTP
import Messaging
import Synchronization
import TestSupport
import Testing

@testable import MessagingHTTP

/// Who is let through how often, by a clock that the test turns.
struct RateLimitGateTests {
    /// Believes what stands in `X-User-ID`, after computing for everybody it does not remember.
    private final class CountingIdentity: Identity {
        let computed = Atomic<Int>(0)
        let vary = "X-User-ID"
        let exposure = CrossSiteExposure.nothing

        func rememberedCaller(of request: Request, _ query: Query?) throws(Problem) -> Caller? {
            guard let name = try request.fields.onlyText(.userID) else { throw .unauthenticated("Who?") }
            guard !name.hasPrefix("forged"), let user = UserID(name) else { return nil }
            return Caller(user: user)
        }

        func caller(of request: Request, _ query: Query) async throws(Problem) -> IdentifiedCaller {
            computed.add(1, ordering: .relaxed)
            throw .unauthenticated("Forged.", error: "invalid_token", .forged)
        }
    }

    private let identity = CountingIdentity()
    private let clock = ManualClock()

    private func gate(_ configure: (inout ServiceLimits) -> Void = { _ in }) -> Gate {
        var limits = ServiceLimits()
        configure(&limits)
        return Gate(identity: identity, limits: limits, ticks: { [clock] in clock.now })
    }

    private func request(_ user: String?, _ method: HTTP.Method = .get, peer: String = "192.0.2.1") -> Request {
        var fields = RequestFields()
        if let user { fields.append(.userID, user.utf8) }
        return Request(method: method, target: [], fields: fields, peer: peer)
    }

    /// Asks as the service does; nil where the request is let through.
    private func refusal(_ gate: Gate, _ request: Request) async -> Problem? {
        do throws(Problem) {
            if case .unknown = try gate.begin(request, Query([]), known: nil) {
                _ = try await gate.admit(request, Query([]))
            }
            return nil
        } catch {
            return error
        }
    }

    @Test("Whoever is not let in has no name stored")
    func names() async {
        let updated = UpdatedProfiles()
        let gateway = GatewayIdentity(
            trusted: .loopback,
            profileUpdates: ProfileUpdates(capacity: 10, ticks: { 0 }) { person, _ in
                updated.names.withLock { $0.append(person.name ?? "") }
                return true
            })
        var limits = ServiceLimits()
        limits.polls = RateLimit(name: "polls", perSecond: 0.001, burst: 1)
        let gate = Gate(identity: gateway, limits: limits, ticks: { [clock] in clock.now })
        for name in ["Al", "Alice"] {
            var fields = RequestFields()
            fields.append(.userID, "alice".utf8)
            fields.append(.userName, name.utf8)
            let asked = Request(method: .get, target: [], fields: fields, peer: "127.0.0.1")
            #expect(await refusal(gate, asked)?.kind == (name == "Al" ? nil : .rateLimited))
        }
        #expect(updated.names.withLock { $0 } == ["Al"])
    }

    private final class UpdatedProfiles: Sendable {
        let names = Mutex<[String]>([])
    }

    @Test("Twenty tabs that poll both endpoints every ten seconds are never limited, all at once for an hour")
    func tabs() async {
        let gate = gate()
        for _ in 0..<360 {
            for _ in 0..<40 { #expect(await refusal(gate, request("alice")) == nil) }
            clock.pass(10)
        }
    }

    @Test("A page that polls in a tight loop is limited, is told for how long, and is served after that")
    func tightLoop() async throws {
        let gate = gate()
        var limited: Problem?
        for _ in 0..<1000 where limited == nil { limited = await refusal(gate, request("alice")) }
        let problem = try #require(limited)
        #expect(problem.kind == .rateLimited)
        let fields = Dictionary(uniqueKeysWithValues: problem.fields.map { ($0.name, $0.value) })
        #expect(Set(fields.keys) == ["Retry-After", "RateLimit", "RateLimit-Policy"])
        #expect(await refusal(gate, request("bob")) == nil)
        #expect(await refusal(gate, request("alice", .head)) != nil)
        clock.pass(try #require(Int64(fields["Retry-After"] ?? "")))
        #expect(await refusal(gate, request("alice")) == nil)
    }

    @Test("Who is turned away counts once for half a minute, and who is served does not")
    func people() async {
        let limited = LimitedPeople()
        var limits = ServiceLimits()
        limits.polls = RateLimit(name: "polls", perSecond: 1, burst: 1)
        let gate = Gate(identity: identity, limits: limits, limited: limited, ticks: { [clock] in clock.now })
        for user in ["alice", "bob", "carol"] { #expect(await refusal(gate, request(user)) == nil) }
        #expect(limited.count(now: clock.now) == 0)
        for _ in 0..<5 {
            for user in ["alice", "bob"] { #expect(await refusal(gate, request(user)) != nil) }
        }
        #expect(limited.count(now: clock.now) == 2)
        clock.pass(32)
        #expect(limited.count(now: clock.now) == 0)
    }

    @Test("Documents that anybody may fetch are limited for each network, and not for trusted proxies")
    func documents() throws {
        let gate = gate()
        func isRefused(_ peer: String) -> Bool {
            problem { try gate.takeDocument(request(nil, peer: peer)) } == .rateLimited
        }
        for _ in 0..<60 { #expect(!isRefused("192.0.2.1")) }
        #expect(isRefused("192.0.2.1"))
        #expect(!isRefused("192.0.2.2"))
        for _ in 0..<100 { #expect(!isRefused("127.0.0.1")) }
        clock.pass(1)
        #expect(!isRefused("192.0.2.1"))
        #expect(isRefused("192.0.2.1"))
        #expect(gate.refusals.documents == 2)
    }

    @Test("Sends have a bucket of their own, and read markers count as sends")
    func sends() async {
        let gate = gate()
        for number in 0..<30 {
            #expect(await refusal(gate, request("alice", number.isMultiple(of: 2) ? .post : .put)) == nil)
        }
        #expect(await refusal(gate, request("alice", .post))?.kind == .rateLimited)
        #expect(await refusal(gate, request("alice", .put))?.kind == .rateLimited)
        #expect(await refusal(gate, request("alice", .get)) == nil)
        clock.pass(1)
        for _ in 0..<5 { #expect(await refusal(gate, request("alice", .post)) == nil) }
        #expect(await refusal(gate, request("alice", .post))?.kind == .rateLimited)
    }

    @Test("Once an address has failed too often nothing is computed for it, until it has waited")
    func failures() async throws {
        let gate = gate()
        for number in 0..<60 { #expect(await refusal(gate, request("forged-\(number)"))?.kind == .unauthenticated) }
        #expect(identity.computed.load(ordering: .relaxed) == 60)
        for number in 0..<1000 { #expect(await refusal(gate, request("forged-\(number)"))?.kind == .rateLimited) }
        #expect(identity.computed.load(ordering: .relaxed) == 60)
        // Another address, and whoever is known already, are not affected.
        #expect(await refusal(gate, request("forged", peer: "192.0.2.2"))?.kind == .unauthenticated)
        #expect(await refusal(gate, request("alice")) == nil)
        let problem = try #require(await refusal(gate, request("forged")))
        let wait = try #require(problem.fields.first { $0.name == "Retry-After" }.flatMap { Int64($0.value) })
        clock.pass(wait)
        #expect(await refusal(gate, request("forged"))?.kind == .unauthenticated)
    }

    @Test("Requests without credentials are limited too, and keep nobody out who has some")
    func anonymous() async {
        let gate = gate()
        for _ in 0..<60 { #expect(await refusal(gate, request(nil))?.kind == .unauthenticated) }
        #expect(await refusal(gate, request(nil))?.kind == .rateLimited)
        #expect(await refusal(gate, request("forged"))?.kind == .unauthenticated)
        #expect(identity.computed.load(ordering: .relaxed) == 1)
    }

    @Test("All IPv6 addresses of one /64 network fail together, and other networks do not")
    func networks() async {
        let gate = gate()
        for number in 0..<60 {
            let problem = await refusal(gate, request("forged", peer: "2001:db8:1:2::\(String(number, radix: 16))"))
            #expect(problem?.kind == .unauthenticated)
        }
        for peer in ["2001:db8:1:2::ffff", "2001:db8:1:2:3:4:5:6"] {
            #expect(await refusal(gate, request("forged", peer: peer))?.kind == .rateLimited)
        }
        #expect(await refusal(gate, request("forged", peer: "2001:db8:1:3::1"))?.kind == .unauthenticated)
        for _ in 0..<60 { _ = await refusal(gate, request("forged", peer: "::ffff:192.0.2.1")) }
        #expect(await refusal(gate, request("forged", peer: "192.0.2.1"))?.kind == .rateLimited)
        #expect(await refusal(gate, request("forged", peer: "192.0.2.2"))?.kind == .unauthenticated)
    }

    @Test("Failures that come through a trusted proxy are not counted: it stands for many people")
    func proxies() async {
        let gate = gate()
        for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            for _ in 0..<200 { #expect(await refusal(gate, request("forged", peer: peer))?.kind == .unauthenticated) }
        }
    }

    @Test("A request is counted once, whether memory knows its caller or not")
    func once() async {
        let gate = gate { $0.polls = RateLimit(name: "polls", perSecond: 1, burst: 2) }
        #expect(await refusal(gate, request("alice")) == nil)
        #expect(await refusal(gate, request("alice")) == nil)
        #expect(await refusal(gate, request("alice"))?.kind == .rateLimited)
    }

    @Test("An answer costs one token more for each 64 KiB, to HEAD as well, even more than there are")
    func largeAnswers() async {
        for method in [HTTP.Method.get, .head] {
            for (size, more) in [(65_535, 0), (65_536, 1), (131_071, 1), (131_072, 2)] {
                let gate = gate { $0.polls = RateLimit(name: "polls", perSecond: 1, burst: 4) }
                #expect(await refusal(gate, request("alice", method)) == nil)
                gate.charge(Caller(user: UserID(trusted: "alice")), request("alice", method), size: size)
                for _ in 0..<(3 - more) { #expect(await refusal(gate, request("alice")) == nil) }
                #expect(await refusal(gate, request("alice"))?.kind == .rateLimited, "\(size) bytes")
                #expect(await refusal(gate, request("bob")) == nil)
                #expect(await refusal(gate, request("alice", .post)) == nil, "sends have a bucket of their own")
            }
        }
    }

    @Test("A caller in debt is told how long it takes, and is served after that")
    func debt() async throws {
        let gate = gate { $0.polls = RateLimit(name: "polls", perSecond: 1, burst: 4) }
        let alice = Caller(user: UserID(trusted: "alice"))
        #expect(await refusal(gate, request("alice")) == nil)
        gate.charge(alice, request("alice"), size: 10 * 65_536)
        let problem = try #require(await refusal(gate, request("alice")))
        #expect(problem.fields.first { $0.name == "Retry-After" }?.value == "8")
        clock.pass(8)
        #expect(await refusal(gate, request("alice")) == nil)
        for _ in 0..<1000 { gate.charge(alice, request("alice"), size: .max) }
        #expect(await refusal(gate, request("alice")) != nil)
    }

    @Test("A rate of 0 is no limit for large answers either")
    func unlimited() async {
        let gate = gate { $0.polls = RateLimit(name: "polls", perSecond: 0, burst: 1) }
        gate.charge(Caller(user: UserID(trusted: "alice")), request("alice"), size: 1 << 30)
        #expect(await refusal(gate, request("alice")) == nil)
    }
}
