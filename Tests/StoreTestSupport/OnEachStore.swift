import Synchronization
import Testing

/// Runs each test once on every store; what fails is reported with the name of the store.
package struct OnEachStore: SuiteTrait, TestTrait, TestScoping {
    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for kind in StoreKind.tested {
            let naming = IssueHandlingTrait.compactMapIssues { issue in
                var issue = issue
                issue.comments.append("on the store \(kind.rawValue)")
                return issue
            }
            try await Slots.of(kind).hold {
                try await naming.provideScope(for: test, testCase: testCase) {
                    // Caught here, so that it is reported with the name, and the other store gets its turn.
                    do {
                        try await StoreKind.$current.withValue(kind, operation: function)
                    } catch  where !(error is ExpectationFailedError) {
                        Issue.record(error)
                    } catch {}
                }
            }
        }
    }
}

extension Trait where Self == OnEachStore {
    /// Runs each test once on every store that ``StoreKind/tested`` has; the test opens it with ``StoreHome``.
    package static var onEachStore: Self { OnEachStore() }
}

/// How many tests may run on a store at once: each has connections of its own, and PostgreSQL a process for each of them.
private final class Slots: Sendable {
    private static let sqlite = Slots(.max)
    private static let postgres = Slots(6)

    static func of(_ kind: StoreKind) -> Slots { kind == .postgres ? postgres : sqlite }

    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    private init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    func hold(_ work: () async throws -> Void) async rethrows {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
        defer {
            let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
                state.free += 1
                return nil
            }
            next?.resume()
        }
        try await work()
    }
}
