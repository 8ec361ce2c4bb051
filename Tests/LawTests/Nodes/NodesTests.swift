import Foundation
import StoreTestSupport
import Testing

/// The laws of the contract with several nodes over one store, whose clients ask another node at every request.
///
/// The nodes' looks at the feed are held back, cut, and find rows missing; loads arrive late; nodes lose their leases. As in ``LawTests``,
/// what memory answers is compared with the store once all senders have their answers: if a node answered as if an answered message were
/// not there, or a tag or cursor of one node meant something else at another, that would differ.
struct NodesTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let steps = environment["POSTBOX_LAW_STEPS"].flatMap { Int($0) } ?? 150
    private static let histories = environment["POSTBOX_LAW_HISTORIES"].flatMap { UInt64($0) } ?? 5
    private static let seeds =
        environment["POSTBOX_LAW_SEED"].flatMap { UInt64($0) }.map { [$0] } ?? Array(1...max(1, histories))

    @Test("At every node snapshots and deltas add up, and nothing that was answered is missing", arguments: seeds)
    func law(seed: UInt64) async throws {
        do {
            var history = try History(seed: seed, nodes: 3)
            try await history.run(steps: Self.steps)
        } catch let violation as Violation {
            Issue.record("POSTBOX_LAW_SEED=\(seed) \(violation)")
        }
    }

    @Test("Without the wait of D, one of the histories breaks the law")
    func noDelay() async throws {
        for seed in 1...UInt64(20) {
            do {
                var history = try History(seed: seed, nodes: 3, fault: .noDelay)
                try await history.run(steps: 100)
            } catch is Violation {
                return
            }
        }
        Issue.record("no history breaks the law")
    }
}
