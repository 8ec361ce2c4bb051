import Foundation
import StoreTestSupport
import Testing

/// The law of the contract: a snapshot with every later delta merged into it by `id` equals a fresh snapshot, for any
/// interleaving of sends, reads and polls by any participant.
///
/// Each seed gives a random history: in each step one ``Client`` acts, or several do at the same time. A ``ClientStep`` is what one of
/// them does, ``CheckedAccess`` its way to the server, a ``MergedView`` what it shows, an ``EntityTagLog`` the tags it was given, and an
/// ``Audit`` compares what it shows with a fresh snapshot and with a ``NaiveModel``.
///
/// To repeat a history, or to run a long one: `POSTBOX_LAW_SEED=7 POSTBOX_LAW_STEPS=5000 swift test --filter LawTests`. To run fewer or
/// more than 30: `POSTBOX_LAW_HISTORIES=5`, as `scripts/test` does where a sanitizer makes each take ten times as long. What happens at
/// the same time within a step is up to the machine, so such a failure may need a few runs to come again.
@Suite(.onEachStore)
struct LawTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let steps = environment["POSTBOX_LAW_STEPS"].flatMap { Int($0) } ?? 150
    private static let histories = environment["POSTBOX_LAW_HISTORIES"].flatMap { UInt64($0) } ?? 30
    private static let seeds =
        environment["POSTBOX_LAW_SEED"].flatMap { UInt64($0) }.map { [$0] } ?? Array(1...max(1, histories))

    @Test("Snapshots and deltas add up to what a fresh snapshot shows, and a 304 tells the truth", arguments: seeds)
    func law(seed: UInt64) async throws {
        do {
            var history = try History(seed: seed)
            try await history.run(steps: Self.steps)
        } catch let violation as Violation {
            Issue.record("POSTBOX_LAW_SEED=\(seed) \(violation)")
        }
    }
}
