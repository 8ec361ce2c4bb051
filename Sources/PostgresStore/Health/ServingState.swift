import Messaging
import Synchronization

/// The epoch that this process serves; any thread may ask.
///
/// Each change that may make memory stale (another epoch, a lease that ran out, a write whose outcome nobody knows) begins a new
/// generation, and the observer forgets everything. A read that a new generation overtook is not answered.
final class ServingState: Sendable {
    private struct State {
        var epoch: Epoch
        /// What connections must find: already the new one while the observer forgets the former.
        var expected: History
    }

    private let state: Mutex<State>
    private let changes = Atomic<Int>(0)
    /// One change at a time: the observer is told outside of the other lock, for it may read the epoch.
    private let changing = Mutex<Void>(())
    private let observer: (any CommitObserver)?
    private let isUnconfirmed = Atomic<Bool>(false)

    /// Whether a write is answered only once a synchronous standby has it.
    ///
    /// Then also a renewal of the lease and a look count only once a standby has confirmed a record that was written later. On a former
    /// primary they would succeed for ever, and memory would answer while others write elsewhere.
    let isReplicated: Bool

    init(history: History, observer: (any CommitObserver)?, replicated isReplicated: Bool) {
        state = Mutex(State(epoch: history.epoch, expected: history))
        self.observer = observer
        self.isReplicated = isReplicated
    }

    /// Whether the epoch may go on where a standby is promoted: nothing was shown that it may lack.
    var goesOn: Bool { isReplicated && !isUnconfirmed.load(ordering: .acquiring) }

    /// A synchronous standby has all that was shown, or something was shown that none has confirmed.
    func confirmed(_ isConfirmed: Bool) {
        isUnconfirmed.store(!isConfirmed, ordering: .releasing)
    }

    /// The epoch; read once for each request.
    var epoch: Epoch { state.withLock { $0.epoch } }

    /// What a connection must find to be used.
    var expected: History { state.withLock { $0.expected } }

    /// Grows with each change.
    var generation: Int { changes.load(ordering: .acquiring) }

    /// Takes note of what a connection to the primary found.
    func found(_ history: History) {
        changing.withLock { _ in
            let former = state.withLock { $0.expected }
            guard former != history else { return }
            // In this order: reads of the former epoch are refused, then memory forgets it, then requests see the new one. So no cursor of
            // the new epoch is made from the former state. At last memory forgets what requests of the former epoch have added meanwhile.
            state.withLock { $0.expected = history }
            forget()
            guard former.epoch != history.epoch else { return }
            state.withLock { $0.epoch = history.epoch }
            forget()
        }
    }

    /// Memory may be stale: forgets it.
    func invalidate() {
        changing.withLock { _ in forget() }
    }

    private func forget() {
        changes.add(1, ordering: .acquiringAndReleasing)
        observer?.reset()
    }
}
