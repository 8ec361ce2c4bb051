import Messaging
import Synchronization

/// Keeps every commit it is told of.
final class Recorder: CommitObserver {
    private let state = Mutex<[Commit]>([])

    func committed(_ commits: [Commit]) {
        state.withLock { $0 += commits }
    }

    func reset() {
        state.withLock { $0 = [] }
    }

    var commits: [Commit] { state.withLock { $0 } }

    /// The commits since the last call.
    func take() -> [Commit] {
        state.withLock { commits in
            defer { commits = [] }
            return commits
        }
    }
}
