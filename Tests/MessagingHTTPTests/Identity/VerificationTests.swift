import Dispatch
import HTTP
import Messaging
import Synchronization
import Testing

@testable import MessagingHTTP

/// How many tokens are verified at a time, and how many wait for it.
struct VerificationTests {
    /// A clock that can be held; verifying a token reads it, on the thread that verifies.
    private final class Clock: Sendable {
        struct State {
            var isHeld = true
            var inside = 0
            var most = 0
        }

        let state = Mutex(State())
        let gate = DispatchSemaphore(value: 0)

        func read() -> Timestamp {
            let isHeld = state.withLock { state in
                state.inside += 1
                state.most = max(state.most, state.inside)
                return state.isHeld
            }
            if isHeld {
                gate.wait()
                gate.signal()
            }
            state.withLock { $0.inside -= 1 }
            return Timestamp(milliseconds: TokenMint.now * 1000)
        }

        func release() {
            state.withLock { $0.isHeld = false }
            gate.signal()
        }
    }

    /// How many were refused so far.
    private final class Refusals: Sendable {
        private let total = Atomic<Int>(0)
        var count: Int { total.load(ordering: .acquiring) }
        func add() -> Int { total.add(1, ordering: .acquiringAndReleasing).newValue }
    }

    private let mint: TokenMint
    private let clock = Clock()
    private let identity: JWTIdentity

    init() async throws {
        mint = try await TokenMint()
        identity = JWTIdentity(
            keys: try await TokenKeys(secret: mint.secret), rules: TokenRules(),
            hashKey: TokenHashKey { .random(in: .min ... .max) }, capacity: 10_000, now: { [clock] in clock.read() },
            profileUpdates: ProfileUpdates(capacity: 10, ticks: { 0 }) { _, _ in true })
    }

    private func request(_ number: Int, from peer: String, for client: String? = nil, size: Int = 0) throws -> Request {
        let claims = TokenMint.claims("\"x\":\"\(String(repeating: "x", count: size))\"", sub: "\"\(number)\"")
        var fields = RequestFields()
        let token = try TokenMint.token("{\"alg\":\"HS256\"}", claims, by: mint.hs256)
        fields.append(.authorization, Array("Bearer ".utf8) + token)
        if let client { fields.append(.forwardedFor, client.utf8) }
        return Request(method: .get, target: [], fields: fields, peer: peer)
    }

    private func outcome(_ request: Request) async -> ProblemKind? {
        do throws(Problem) {
            _ = try await identity.caller(of: request, Query([]))
            return nil
        } catch {
            return error.kind
        }
    }

    /// Sends all at once and returns how many were let in, once those that are refused at once have been.
    private func letIn(_ requests: [Request], refusing refused: Int) async -> Int {
        let refusals = Refusals()
        return await withTaskGroup { group in
            for request in requests {
                group.addTask {
                    let kind = await outcome(request)
                    guard kind != nil else { return true }
                    #expect(kind == .overloaded)
                    if refusals.add() == refused { clock.release() }
                    return false
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    @Test("One token is verified at a time, 4096 wait, and the rest are refused at once")
    func bounded() async throws {
        let requests = try (0..<5_000).map { try request($0, from: "192.0.2.\($0 % 5)") }
        let waiting = VerificationQueue.countLimit
        // The one that is being verified does not wait any more, once its thread has taken it.
        let letIn = await letIn(requests, refusing: 5_000 - waiting - 1)
        #expect((waiting...waiting + 1).contains(letIn))
        #expect(clock.state.withLock { $0.most } == 1)
    }

    @Test("Tokens that wait for verification are bounded in bytes too")
    func bytes() async throws {
        let requests = try (0..<600).map { try request($0, from: "192.0.2.1", size: 8_000) }
        let size = requests.map { (try? BearerToken.of($0).count) ?? 0 }.max() ?? 1
        let most = VerificationQueue.sizeLimit / size + 2
        #expect(most < 500)
        #expect(await letIn(requests, refusing: 600 - most) <= most)
    }

    @Test(
        "A client with one token gets its turn, however many wait from another address, through a trusted proxy too",
        arguments: [false, true])
    func fair(isProxied: Bool) async throws {
        func request(_ number: Int, from client: String) throws -> Request {
            guard isProxied else { return try self.request(number, from: client) }
            return try self.request(number, from: "127.0.0.1", for: client)
        }
        let first = try request(-2, from: "192.0.2.1")
        let crowd = try (0..<VerificationQueue.countLimit + 10).map { try request($0, from: "192.0.2.1") }
        let newcomer = try request(-1, from: "192.0.2.2")
        let refusals = Refusals()
        await withTaskGroup { group in
            group.addTask { #expect(await outcome(first) == nil) }
            while clock.state.withLock({ $0.inside }) == 0 { await Task.yield() }
            for request in crowd {
                group.addTask { if await outcome(request) != nil { _ = refusals.add() } }
            }
            while refusals.count < 10 { await Task.yield() }
            group.addTask { #expect(await outcome(newcomer) == nil) }
            while refusals.count < 11 { await Task.yield() }
            clock.release()
        }
        #expect(refusals.count == 11)
    }

    @Test("A key that is taken away while a token waits lets nobody in")
    func revokedMeanwhile() async throws {
        let request = try request(1, from: "192.0.2.1")
        let keys = try await TokenKeys(secret: Array("another secret of more than 32 bytes!".utf8))
        async let kind = outcome(request)
        while clock.state.withLock({ $0.inside }) == 0 { await Task.yield() }
        identity.replaceKeys(keys)
        clock.release()
        #expect(await kind == .unauthenticated)
    }
}
