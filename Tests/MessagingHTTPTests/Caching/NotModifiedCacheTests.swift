import HTTP
import Messaging
import Testing

@testable import MessagingHTTP

@Suite("The 304s that are kept to be given again")
struct NotModifiedCacheTests {
    /// A cache with exactly as many bytes as that many of the answers of `keep` to `call(of:)` take.
    private func cache(for answers: Int) throws -> NotModifiedCache {
        let one = NotModifiedCache(mostBytes: 1 << 20)
        keep(one, at: 1, to: try call(of: 1))
        return NotModifiedCache(mostBytes: answers * one.cost)
    }

    private func call(of user: Int) throws -> Call {
        Call(
            request: request(.get, "/"), caller: Caller(user: UserID(trusted: "user \(user)")), query: try Query([]),
            epoch: k3f9, common: [], pollInterval: 10)
    }

    private func keep(_ cache: NotModifiedCache, at change: Int64, to call: Call) {
        cache.keep(Response(status: 304, fields: []), EntityTag(text: "\"\(change)\""), to: call) {
            InvalidationToken()
        }
    }

    /// How many of so many people, who poll one after the other, are given an answer that was kept.
    private func hits(_ cache: NotModifiedCache, people: Int) throws -> Int {
        try (0..<people).count { user in
            let call = try call(of: user)
            guard cache.answer(to: call.request, of: call.caller) == nil else { return true }
            keep(cache, at: 1, to: call)
            return false
        }
    }

    @Test("All idle polls are answered from what is kept where there is room for all")
    func enough() throws {
        let cache = try cache(for: 10)
        #expect(try hits(cache, people: 10) == 0)
        #expect(try hits(cache, people: 10) == 10)
    }

    @Test("Where the bytes are for exactly ten answers, ten are kept, and of eleven one is not")
    func edge() throws {
        let cache = try cache(for: 10)
        _ = try hits(cache, people: 10)
        let cost = cache.cost
        #expect(try hits(cache, people: 11) == 10)
        #expect(cache.cost == cost)
    }

    @Test("A byte less than ten answers take keeps nine of them")
    func belowEdge() throws {
        let ten = try cache(for: 10)
        _ = try hits(ten, people: 10)
        let cache = NotModifiedCache(mostBytes: ten.cost - 1)
        #expect(try hits(cache, people: 10) == 0)
        #expect(try hits(cache, people: 10) == 9)
        #expect(cache.cost < ten.cost)
    }

    @Test("Many idle polls are answered from what is kept where twice as many poll as there is room for")
    func crowded() throws {
        let cache = try cache(for: 100)
        for _ in 1...20 { _ = try hits(cache, people: 200) }
        #expect(try hits(cache, people: 200) > 50)
    }

    @Test("An idle poll that is not repeated is replaced by others in the end")
    func replaced() throws {
        let cache = try cache(for: 10)
        _ = try hits(cache, people: 10)
        for _ in 1...100 {
            for user in 100..<105 {
                let call = try call(of: user)
                if cache.answer(to: call.request, of: call.caller) == nil { keep(cache, at: 1, to: call) }
            }
        }
        let newcomer = try call(of: 100)
        #expect(cache.answer(to: newcomer.request, of: newcomer.caller) != nil)
    }

    @Test("A newer 304 replaces the kept one of the same poll, even where there is no room")
    func newer() throws {
        let cache = try cache(for: 1)
        let call = try call(of: 1)
        keep(cache, at: 1, to: call)
        keep(cache, at: 2, to: call)
        #expect(cache.answer(to: call.request, of: call.caller)?.tag.text == "\"2\"")
    }

    @Test("A kept 304 answers only requests of the same origin, and two origins count as none")
    func origins() throws {
        let cache = try cache(for: 10)
        func asked(from origins: String...) throws -> Call {
            let fields = origins.map { (RequestField.origin, $0) }
            return Call(
                request: request(.get, "/", fields), caller: Caller(user: alice), query: try Query([]), epoch: k3f9,
                common: [], pollInterval: 10)
        }
        func isKept(_ call: Call) -> Bool { cache.answer(to: call.request, of: call.caller) != nil }
        keep(cache, at: 1, to: try asked(from: "https://a.example"))
        #expect(isKept(try asked(from: "https://a.example")))
        #expect(!isKept(try asked(from: "https://b.example")))
        #expect(!isKept(try asked(from: "https://a.example", "https://b.example")))
        #expect(!isKept(try asked()))
        keep(cache, at: 1, to: try asked())
        #expect(isKept(try asked(from: "https://a.example", "https://b.example")))
    }

    @Test("A 304 that is no longer valid is not kept")
    func invalid() throws {
        let cache = try cache(for: 1)
        let (call, newcomer) = (try call(of: 1), try call(of: 2))
        let (response, tag) = (Response(status: 304, fields: []), EntityTag(text: "\"1\""))
        cache.keep(response, tag, to: call) { nil }
        #expect(cache.answer(to: call.request, of: call.caller) == nil)
        cache.keep(response, tag, to: call) { InvalidationToken() }
        var asked = 0
        cache.keep(response, tag, to: newcomer) {
            asked += 1
            return InvalidationToken()
        }
        #expect(asked == 0)
        #expect(cache.answer(to: call.request, of: call.caller) != nil)
        #expect(cache.answer(to: newcomer.request, of: newcomer.caller) == nil)
    }

    private func keep(_ cache: NotModifiedCache, at change: Int64, target: Int, of user: Int) throws -> Call {
        let target = "/?userId=" + String(repeating: "x", count: target)
        let call = Call(
            request: request(.get, target), caller: Caller(user: UserID(trusted: "user \(user)")), query: try Query([]),
            epoch: k3f9, common: [], pollInterval: 10)
        let link = Response.Field("Link", "<\(target)>; rel=\"next\"")
        cache.keep(Response(status: 304, fields: [link]), EntityTag(text: "\"\(change)\""), to: call) {
            InvalidationToken()
        }
        return call
    }

    private func isKept(_ cache: NotModifiedCache, _ call: Call) -> Bool {
        cache.answer(to: call.request, of: call.caller) != nil
    }

    @Test("Kept 304s are bounded in bytes, however long their targets and however many they are")
    func bytes() throws {
        let cache = NotModifiedCache(mostBytes: 1 << 20)
        for user in 0..<9000 {
            _ = try keep(cache, at: 1, target: 8000, of: user)
            #expect(cache.cost <= 1 << 20)
        }
        #expect(cache.cost > 1 << 19)
    }

    @Test("A 304 that fits exactly is kept, and one with a byte more is not and displaces nothing")
    func exactly() throws {
        let one = NotModifiedCache(mostBytes: 1 << 20)
        _ = try keep(one, at: 1, target: 1000, of: 1)
        let cache = NotModifiedCache(mostBytes: one.cost)
        let small = try keep(cache, at: 1, target: 1000, of: 1)
        #expect(isKept(cache, small) && cache.cost == one.cost)
        for _ in 0..<100 { #expect(!isKept(cache, try keep(cache, at: 1, target: 1001, of: 2))) }
        #expect(isKept(cache, small))
    }

    @Test("A larger 304 in the place of a kept one displaces others that do not fit any more")
    func replacedByLarger() throws {
        let one = NotModifiedCache(mostBytes: 1 << 20)
        _ = try keep(one, at: 1, target: 1000, of: 1)
        let cache = NotModifiedCache(mostBytes: 2 * one.cost)
        let (first, second) = (try keep(cache, at: 1, target: 1000, of: 1), try keep(cache, at: 1, target: 1000, of: 2))
        #expect(isKept(cache, first) && isKept(cache, second))
        let longer = Response(status: 304, fields: [Response.Field("Link", String(repeating: "x", count: 1100))])
        cache.keep(longer, EntityTag(text: "\"2\""), to: second) { InvalidationToken() }
        #expect(!isKept(cache, first) && isKept(cache, second))
        #expect(cache.cost <= 2 * one.cost)
    }
}
