import Messaging
import StoreTestSupport
import StoreWork
import TestSupport
import Testing

/// Messages that are removed by their age while the store serves; on the stores that do so.
@Suite(.onEachStore)
struct RetentionTests {
    private let home: StoreHome
    private let now = Timestamp(milliseconds: noon.milliseconds + 400 * 86_400_000)

    init() throws {
        home = try StoreHome()
    }

    /// Opens a store with three conversations, of which the third is another tenant's; each has old messages and then new ones.
    private func store(_ observer: Recorder = Recorder(), old: Int = 3) throws -> (any Store & RetentionStore)? {
        var bounds = StoreBounds()
        bounds.messagesRemovedAtOnce = 2
        let store = try home.open(observer: observer, bounds: bounds)
        guard let retaining = store as? any Store & RetentionStore else {
            store.close()
            return nil
        }
        let times = Array(repeating: noon, count: old) + [now, noon, now]
        for (id, tenant) in [("a", TenantID.none), ("b", .none), ("c", TenantID(trusted: "acme"))] {
            let new = try NewConversation(id: conversationID(id), participants: [alice, bob], isDirect: false)
            var records: [ImportRecord] = [.conversation(new, tenant, openedAt: noon)]
            records += try times.enumerated().map { place, time in
                .message(
                    ImportedMessage(
                        conversation: conversationID(id), sender: bob, content: try MessageContent("\(place)"),
                        sentAt: time, clientMessageID: nil), tenant)
            }
            var rest = records[...]
            try store.importRecords { rest.popFirst() }
        }
        return retaining
    }

    @Test(
        "A pass removes what is too old from the beginning of each conversation, by the tenant's rule, and a second one nothing"
    )
    func pass() async throws {
        guard let store = try store() else { return }
        let year = try #require(Retention("1y"))
        let rules = RetentionRules(others: year, own: [TenantID(trusted: "acme"): .forever])
        var steps: [Int] = []
        let pass = RetentionPass(store, rules, now: now) { _ in true }
        #expect(try pass.look().longestOverdue == 34 * 86_400_000 + 86_400_000)
        let done = try pass.remove { steps.append($0) }
        #expect(done.isComplete && done.removed == 6 && steps.allSatisfy { $0 <= 2 })
        #expect(try pass.remove { _ in }.removed == 0)
        let after = try pass.look()
        #expect(after.isComplete && after.longestOverdue == 0)
        // The old one behind a newer one is still there, and is gone with that.
        #expect(try await store.allMessages(conversationID("a")).map(\.content) == ["3", "4", "5"])
        #expect(try await store.allMessages(conversationID("c"), tenant: TenantID(trusted: "acme")).count == 6)
        store.close()
        #expect(try home.check() == [])
    }

    @Test("A pass that may not go on ends after its step, and the next one completes it")
    func interrupted() throws {
        guard let store = try store(old: 7) else { return }
        defer { store.close() }
        let rules = RetentionRules(others: try #require(Retention("30d")))
        let first = try RetentionPass(store, rules, now: now) { _ in false }.remove { _ in }
        #expect(!first.isComplete && first.removed == 2)
        #expect(try RetentionPass(store, rules, now: now) { _ in true }.remove { _ in }.removed == 21 - 2)
    }

    @Test("A tenant's rule is stored, replaced and removed")
    func rules() throws {
        guard let store = try store() else { return }
        let acme = TenantID(trusted: "acme")
        try store.setRetention(.forever, of: .none)
        try store.setRetention(Retention("2y"), of: acme)
        try store.setRetention(Retention("90d"), of: acme)
        #expect(try store.retentions() == [.none: .forever, acme: Retention("90d")])
        try store.setRetention(nil, of: acme)
        #expect(try store.retentions() == [.none: .forever])
        store.close()
    }
}
