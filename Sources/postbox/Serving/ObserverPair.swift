import Messaging

/// Tells two of each commit, one before the other.
struct ObserverPair: CommitObserver {
    let first: any CommitObserver
    let second: any CommitObserver

    func committed(_ commits: [Commit]) {
        first.committed(commits)
        second.committed(commits)
    }
}
