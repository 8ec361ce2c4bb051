import Messaging
import StoreTestSupport
import TestSupport
import Testing

@Suite("Moving from one store to another", .enabled(if: StoreKind.tested.count == StoreKind.allCases.count))
struct MovingTests {
    private static let users = ["ann", "ben", "cyd", "d\u{E9}", "de\u{301}"].map { UserID(trusted: $0) }
    private static let tenants = [TenantID.none, TenantID(trusted: "acme")]
    private static let texts = [
        "Hello!", "👩‍👩‍👧‍👦", "'; DROP TABLE messages; --", "line\r\nline\t\\x00", "\u{FEFF} {\"a\":[1]} \\N",
    ]

    /// What users do at random on a store, pruned and erased in part.
    private func fill(_ home: StoreHome, _ chance: inout Generator) async throws {
        let store = try home.open()
        for step in 0..<200 {
            let (tenant, user) = (chance.pick(Self.tenants), chance.pick(Self.users))
            let id = conversationID("c\(chance.below(12))")
            let others = Self.users.shuffled(using: &chance).prefix(1 + chance.below(3)).filter { $0 != user }
            switch chance.below(10) {
            case 0:
                try await store.setPerson(Person(id: user, name: chance.pick(Self.texts), company: ""), tenant: tenant)
            case 1...3: _ = try? await store.markRead(id, upTo: nil, by: caller(user, tenant))
            case 4:
                _ = try? await store.send(
                    draft(user, to: .direct(with: others.first ?? alice), tenant: tenant, new: "direct-\(step)"))
            default:
                let sent = Draft(
                    caller: caller(user, tenant), conversation: .id(id),
                    content: try MessageContent(chance.pick(Self.texts)),
                    clientMessageID: chance.once(in: 2) ? "key \(step)" : nil, receivers: Array(others),
                    opening: .granted,
                    sentAt: Timestamp(milliseconds: Int64(step + chance.below(20))), newConversationID: id)
                _ = try? await store.send(sent)
            }
        }
        store.close()
        let remover = try home.remover()
        _ = try remover.prune(.tenant(Self.tenants[1]), before: Timestamp(milliseconds: 80))
        _ = try remover.erase(Self.users[chance.below(3)], tenant: .none)
        remover.close()
    }

    @Test(
        "An export imported into the other store, and from there back again, is the same export",
        arguments: 1...4 as ClosedRange<UInt64>)
    func thereAndBack(seed: UInt64) async throws {
        var chance = Generator(seed: seed)
        for (first, second) in [(StoreKind.sqlite, StoreKind.postgres), (.postgres, .sqlite)] {
            let homes = try [StoreHome(first), StoreHome(second), StoreHome(first)]
            try await fill(homes[0], &chance)
            let records = try homes[0].export()
            #expect(records.count > 50)
            try homes[1].importRecords(records)
            let there = try homes[1].export()
            #expect(there == records, "from \(first) to \(second)")
            try homes[2].importRecords(there)
            #expect(try homes[2].export() == records, "from \(second) back to \(first)")
            for home in homes { #expect(try home.check() == []) }
            #expect(try await lists(of: homes[0]) == lists(of: homes[1]))
        }
    }

    /// What every user sees in their list, but for numbers of changes, and which conversation was opened first.
    private func lists(of home: StoreHome) async throws -> [[Shown]] {
        let store = try home.open()
        defer { store.close() }
        var lists: [[Shown]] = []
        for tenant in Self.tenants {
            for user in Self.users {
                let page = try await store.conversations(of: caller(user, tenant), .newest, limit: 100, messages: 5)
                lists.append(page.conversations.map(Shown.init).sorted { $0.id < $1.id })
            }
        }
        return lists
    }

    private struct Shown: Equatable {
        let id: ConversationID
        let people: [Person]
        let unread: Int64
        let messages: [Message]

        init(_ summary: ConversationSummary) {
            id = summary.conversation.id
            people = summary.people
            unread = summary.unread
            messages = Array(summary.newest)
        }
    }
}
