import Messaging
import Synchronization

/// Records every commit that the store reports.
package final class Recorder: CommitObserver {
    private let state = Mutex<[Commit]>([])

    package init() {}

    package func committed(_ commits: [Commit]) {
        state.withLock { $0 += commits }
    }

    package func reset() {}

    package var commits: [Commit] { state.withLock { $0 } }

    /// The commits since the last call.
    package func take() -> [Commit] {
        state.withLock { commits in
            defer { commits = [] }
            return commits
        }
    }
}
