import CMicroHTTPD
import HTTP

/// Requests that wait for a change.
///
/// A waiting request is a suspended connection. What ends its wait comes to the loop as a message of another thread, from the wheel, or from
/// the watcher of half-closed sockets; the loop then looks at the state again, and resumes the connection only where there is an answer.
extension Loop {
    /// How many waits one turn looks at, so that many that end at once do not delay other requests.
    private static let batch = 64

    /// The answer to a request that need not begin to wait: the server stops, or the client has closed its sending side already.
    func answerAtOnce(_ wait: Wait, _ connection: Connection) -> Response? {
        if isStopping { return wait.unchanged(.stopping) }
        // The watcher tells of it only after this turn. A close that comes later ends the wait with the same answer.
        return connection.hasEnded || has_ended(connection.descriptor) ? wait.unchanged(.timeOver) : nil
    }

    /// Lets a suspended request wait; one that has waited before does so until its first deadline.
    func startWaiting(_ connection: Connection, until wait: Wait) {
        let waiter = connection.waiter ?? Waiter(on: connection, until: .now + wait.seconds)
        connection.waiter = waiter
        waiter.wait = wait
        waiter.since = .now
        counters.waitingRequests.bump(by: 1)
        wheel.insert(waiter, now: now)
        watch(waiter, wait)
    }

    /// Registers for the next change.
    private func watch(_ waiter: Waiter, _ wait: Wait) {
        guard let pending = waiter.connection.pending else { return }
        waiter.cancel = wait.watch { pending.reportChange() }
        guard waiter.cancel == nil else { return }
        waiter.hasChanged = true
        markReady(waiter)
        queue.wake()
    }

    /// Has the next turns look at a wait.
    func markReady(_ waiter: Waiter) {
        guard !waiter.isReady else { return }
        waiter.isReady = true
        ready.append(waiter)
    }

    /// Takes the messages of other threads.
    func takeMessages() {
        for message in queue.takeAll() {
            switch message {
            case .changed(let pending):
                guard let connection = connection(with: pending), let waiter = connection.waiter, waiter.wait != nil
                else { continue }
                waiter.hasChanged = true
                markReady(waiter)
            case .waiting(let pending, let wait):
                guard let connection = connection(with: pending) else { continue }
                if let response = answerAtOnce(wait, connection) {
                    connection.waiter?.end = isStopping ? .stopped : .gone
                    pending.deliver(response)
                } else {
                    counters.suspendedRequests.bump(by: -1)
                    startWaiting(connection, until: wait)
                }
            case .evicted(let pending, let response):
                connection(with: pending)?.waiter?.end = .evicted
                pending.deliver(response)
            }
        }
    }

    /// The connection that waits for this answer; nil where it has got one, and may be gone.
    private func connection(with pending: PendingAnswer) -> Connection? {
        guard let connection = connection(on: pending.descriptor)?.takeUnretainedValue(), connection.pending === pending
        else { return nil }
        return connection
    }

    /// Lists the waits whose time is over.
    func findOverdue() {
        for waiter in wheel.takeOverdue(at: now) { markReady(waiter) }
    }

    /// Looks at some of the waits that have changed or whose time is over, and leaves the others to the next turn.
    func endReady() {
        let batch = ready.prefix(Self.batch)
        ready.removeFirst(batch.count)
        for waiter in batch {
            waiter.isReady = false
            look(waiter)
        }
        if !ready.isEmpty { queue.wake() }
    }

    private func look(_ waiter: Waiter) {
        // It may have ended since it was listed, and the connection may be gone.
        guard let wait = waiter.wait, let pending = waiter.connection.pending else { return }
        guard waiter.hasChanged else {
            return isStopping ? endWait(waiter, as: .stopped) : timeOut(waiter, wait, pending)
        }
        waiter.hasChanged = false
        waiter.takeCancel()?()
        switch wait.again() {
        case .response(let response):
            leave(waiter)
            pending.deliver(response)
        case .pending(let work): leave(waiter, for: work, pending)
        case .evicted(let response):
            leave(waiter)
            waiter.end = .evicted
            pending.deliver(response)
        case .waiting(let next):
            waiter.wait = next
            if isStopping {
                endWait(waiter, as: .stopped)
            } else if now < waiter.deadline {
                watch(waiter, next)
            } else {
                timeOut(waiter, next, pending)
            }
        }
    }

    /// Ends a wait whose time is over.
    private func timeOut(_ waiter: Waiter, _ wait: Wait, _ pending: PendingAnswer) {
        guard let work = wait.overdue() else { return endWait(waiter, as: .timedOut) }
        waiter.end = .timedOut
        leave(waiter, for: work, pending)
    }

    /// Takes a request out of the waiting ones, and begins the work for its answer.
    private func leave(
        _ waiter: Waiter, for work: @escaping @Sendable (String?) async -> Reply, _ pending: PendingAnswer
    ) {
        leave(waiter)
        let named = pending.named(by: configuration.makeRequestID)
        waiter.connection.phase = .suspended(named)
        perform(work, for: named)
    }

    /// Ends a wait without a change; does nothing where the request does not wait.
    func endWait(_ waiter: Waiter, as end: Waiter.End) {
        guard let wait = waiter.wait, let pending = waiter.connection.pending else { return }
        leave(waiter)
        waiter.end = end
        switch end {
        case .stopped: pending.deliver(wait.unchanged(.stopping))
        // A client that has closed its sending side may still read: where it is gone, the answer is lost, and nothing else.
        case .changed, .timedOut, .evicted, .gone: pending.deliver(wait.unchanged(.timeOver))
        }
    }

    /// Takes a request out of the waiting ones; it is a suspended one from here on until the library is at it again.
    private func leave(_ waiter: Waiter) {
        wheel.remove(waiter)
        waiter.takeCancel()?()
        waiter.wait = nil
        let connection = waiter.connection
        connection.receivedAt = connection.receivedAt + Double(waiter.since.nanoseconds(until: now)) / 1e9
        counters.waitingRequests.bump(by: -1)
        counters.suspendedRequests.bump(by: 1)
    }

    /// Counts the wait of a request that is answered or lost, where it has waited.
    func countWait(_ connection: Connection) {
        guard let waiter = connection.waiter else { return }
        connection.waiter = nil
        switch waiter.end {
        case .changed: counters.waitsChanged.bump(by: 1)
        case .timedOut: counters.waitsTimedOut.bump(by: 1)
        case .evicted: counters.waitsEvicted.bump(by: 1)
        case .gone: counters.waitsGone.bump(by: 1)
        case .stopped: counters.waitsStopped.bump(by: 1)
        }
    }
}
