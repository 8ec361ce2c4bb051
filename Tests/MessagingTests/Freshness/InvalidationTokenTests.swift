import Messaging
import Synchronization
import Testing

@Suite("Tokens that become invalid")
struct InvalidationTokenTests {
    private final class Count: Sendable {
        let value = Atomic<Int>(0)
        func add() { value.add(1, ordering: .relaxed) }
        var now: Int { value.load(ordering: .relaxed) }
    }

    @Test("Each observer is called once when the token becomes invalid, and one that was cancelled is not")
    func observed() throws {
        let (token, calls, cancelled) = (InvalidationToken(), Count(), Count())
        _ = try #require(token.observe { calls.add() })
        _ = try #require(token.observe { calls.add() })
        let cancel = try #require(token.observe { cancelled.add() })
        cancel()
        cancel()
        #expect(calls.now == 0)
        token.invalidate()
        token.invalidate()
        #expect(calls.now == 2)
        #expect(cancelled.now == 0)
    }

    @Test("An invalid token takes no observer")
    func late() {
        let token = InvalidationToken()
        token.invalidate()
        #expect(token.observe { Issue.record("called") } == nil)
        #expect(!token.isValid)
    }

    @Test("An observer may use the token: it is invalid already")
    func reentrant() throws {
        let (token, calls) = (InvalidationToken(), Count())
        _ = try #require(
            token.observe {
                #expect(!token.isValid)
                #expect(token.observe {} == nil)
                token.invalidate()
                calls.add()
            })
        token.invalidate()
        #expect(calls.now == 1)
    }

    @Test("An observer is refused or called, whatever happens at the same time")
    func concurrent() async {
        for _ in 0..<200 {
            let (token, calls, refused) = (InvalidationToken(), Count(), Count())
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { if token.observe({ calls.add() }) == nil { refused.add() } }
                }
                group.addTask { token.invalidate() }
            }
            #expect(calls.now + refused.now == 8)
        }
    }
}
