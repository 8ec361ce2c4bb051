import HTTP
import Messaging
import Synchronization
import Testing

@testable import MessagingHTTP

/// Who is believed to be asking where a gateway says it.
struct IdentityGatewayTests {
    private final class Host: Sendable {
        let people = Mutex<[Person]>([])
        let seconds = Mutex<Int64>(1000)
        let isAtHome = Mutex(true)

        var names: [String?] { people.withLock { $0.map(\.name) } }
        func pass(_ seconds: Int64) { self.seconds.withLock { $0 += seconds } }
    }

    private let known = Host()
    private let identity: GatewayIdentity

    init() {
        let known = known
        let profileUpdates = ProfileUpdates(
            capacity: 10, ticks: { known.seconds.withLock { $0 * 1_000_000_000 } }
        ) { person, _ in
            known.people.withLock { $0.append(person) }
            return known.isAtHome.withLock { $0 }
        }
        identity = GatewayIdentity(trusted: .loopback, profileUpdates: profileUpdates)
    }

    private func request(from peer: String, _ fields: [(RequestField, String)]) -> Request {
        var lines = RequestFields()
        for (field, value) in fields { lines.append(field, value.utf8) }
        return Request(method: .get, target: [], fields: lines, peer: peer)
    }

    private func outcome(from peer: String = "127.0.0.1", _ fields: [(RequestField, String)]) async -> Result<
        Caller, Problem
    > {
        let request = request(from: peer, fields)
        do throws(Problem) {
            if let known = try identity.rememberedCaller(of: request, Query([])) { return .success(known) }
            let identifiedCaller = try await identity.caller(of: request, Query([]))
            await identifiedCaller.updateProfile?()
            return .success(identifiedCaller.caller)
        } catch {
            return .failure(error)
        }
    }

    @Test("A trusted peer is believed, also as an IPv4 address mapped into IPv6")
    func trusted() async {
        for peer in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            let caller = await outcome(from: peer, [(.userID, "alice"), (.tenantID, "acme")]).caller
            #expect(caller == Caller(tenant: TenantID(trusted: "acme"), user: UserID(trusted: "alice")))
        }
    }

    @Test(
        "A peer that is not trusted is not believed, whatever it says",
        arguments: ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "", "::", "localhost"])
    func untrusted(peer: String) async {
        guard case .failure(let problem) = await outcome(from: peer, [(.userID, "alice"), (.tenantID, "acme")]) else {
            Issue.record("\(peer) was believed")
            return
        }
        #expect(problem.kind == .unauthenticated)
        #expect(problem.fields.map(\.name) == ["WWW-Authenticate"])
        #expect(known.people.withLock { $0 }.isEmpty)
    }

    @Test("A user that is missing, empty or no id is nobody, and one that is given twice is refused")
    func user() async {
        let long = String(repeating: "x", count: 256)
        for (fields, kind) in [
            ([], ProblemKind.unauthenticated), ([(.userID, "")], .unauthenticated),
            ([(.userID, long)], .unauthenticated),
            ([(.userID, "a\u{1}")], .unauthenticated), ([(.tenantID, "acme")], .unauthenticated),
            ([(.userID, "alice"), (.userID, "alice")], .malformedRequest),
            ([(.userID, "alice"), (.userID, "root")], .malformedRequest),
        ] as [([(RequestField, String)], ProblemKind)] {
            guard case .failure(let problem) = await outcome(fields) else {
                Issue.record("\(fields) was believed")
                continue
            }
            #expect(problem.kind == kind, "\(fields)")
        }
    }

    @Test("A tenant that is no id, or given twice, is refused rather than taken for the unnamed one")
    func tenant() async {
        for fields in [
            [(.tenantID, "a\u{1}")], [(.tenantID, String(repeating: "t", count: 256))],
            [(.tenantID, "a"), (.tenantID, "")],
            [(.tenantID, "a"), (.tenantID, "a")],
        ] as [[(RequestField, String)]] {
            guard case .failure(let problem) = await outcome([(.userID, "alice")] + fields) else {
                Issue.record("\(fields) was believed")
                continue
            }
            #expect(problem.kind == .malformedRequest)
        }
        #expect(await outcome([(.userID, "alice"), (.tenantID, "")]).caller == Caller(user: UserID(trusted: "alice")))
    }

    @Test("A user id that is not UTF-8 is refused")
    func notUTF8() {
        for bytes: [UInt8] in [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80]] {
            var lines = RequestFields()
            lines.append(.userID, bytes)
            let request = Request(method: .get, target: [], fields: lines, peer: "::1")
            #expect(throws: Problem.self) { try identity.rememberedCaller(of: request, Query([])) }
        }
    }

    @Test("Names are introduced when they are new for this user of this tenant, and not again")
    func names() async {
        let alice: [(RequestField, String)] = [(.userID, "alice"), (.userName, "Alice"), (.userCompany, "Acme")]
        for _ in 0..<3 { #expect(await outcome(alice).caller != nil) }
        #expect(known.people.withLock { $0 }.count == 1)
        for _ in 0..<3 { #expect(await outcome(alice + [(.tenantID, "t")]).caller != nil) }
        #expect(known.people.withLock { $0 }.count == 2)
        #expect(await outcome([(.userID, "alice"), (.userName, "Alicia")]).caller != nil)
        #expect(known.people.withLock { $0 }.last?.name == "Alicia")
        #expect(await outcome([(.userID, "alice")]).caller != nil)
        #expect(known.people.withLock { $0 }.count == 3)
    }

    private func poll(as name: String) async {
        #expect(await outcome([(.userID, "alice"), (.userName, name)]).caller != nil, "\(name)")
    }

    @Test("Another name is taken at once, and a further one only when a minute is over, however often it is claimed")
    func oncePerMinute() async {
        await poll(as: "Al")
        await poll(as: "Alice")
        for second in 0..<59 {
            known.pass(1)
            await poll(as: "Alice \(second)")
        }
        #expect(known.names == ["Al", "Alice"])
        known.pass(1)
        await poll(as: "Alice A.")
        #expect(known.names == ["Al", "Alice", "Alice A."])
    }

    @Test("Sessions with different names do not take turns, however many they are: a name that came last stays")
    func turns() async {
        for count in 2...5 {
            let before = known.names.count
            for _ in 0..<500 {
                for session in 0..<count { await poll(as: "Session \(session) of \(count)") }
                known.pass(10)
            }
            let taken = known.names[before...]
            #expect(taken.count <= 3 && Set(taken).count == taken.count, "\(taken)")
            // All of them end.
            known.pass(1000)
        }
    }

    @Test(
        "A name that was replaced comes back once nobody claims the one that replaced it, and at once where it was not claimed since"
    )
    func comesBack() async {
        await poll(as: "Al")
        await poll(as: "Alice")
        for _ in 0..<59 {
            known.pass(10)
            await poll(as: "Al")
        }
        #expect(known.names == ["Al", "Alice"])
        known.pass(10)
        await poll(as: "Al")
        #expect(known.names == ["Al", "Alice", "Al"])
        for _ in 0..<60 {
            known.pass(10)
            await poll(as: "Al")
        }
        await poll(as: "Alice")
        #expect(known.names == ["Al", "Alice", "Al", "Alice"])
    }

    @Test("A name that could not be stored is tried again, and is no change until it is stored")
    func notStored() async {
        await poll(as: "Al")
        known.isAtHome.withLock { $0 = false }
        for _ in 0..<2 { await poll(as: "Alice") }
        known.isAtHome.withLock { $0 = true }
        for _ in 0..<3 { await poll(as: "Alice") }
        #expect(known.names == ["Al", "Alice", "Alice", "Alice"])
    }

    @Test("Canonically equivalent names are different ones, and so are an empty one and none")
    func differences() async {
        for fields in [
            [(.userName, "\u{E9}")], [(.userName, "e\u{301}")], [(.userName, "")],
            [(.userName, ""), (.userCompany, "")],
            [(.userCompany, "")],
        ] as [[(RequestField, String)]] {
            _ = await outcome([(.userID, "alice")] + fields)
            known.pass(700)
        }
        #expect(known.names.count == 5)
    }
}
