import CMicroHTTPD
import Glibc
import HTTP

/// Graceful shutdown of a loop.
extension Loop {
    /// The most time for refusals to be sent after the deadline, in seconds.
    private var refusalGrace: Double { 0.25 }

    /// Stops accepting, ends all waits, answers requests in flight until the deadline, and refuses those still waiting then.
    func stop() {
        stopAccepting()
        listWaits()
        serve(until: { [signal] in signal.stopDeadline })
        isPastDeadline = true
        endWaits()
        refuseSuspended()
        let end = MonotonicTime.now + refusalGrace
        serve(until: { end })
        // The library must not be stopped while a connection is suspended. This wait is short: every request has its answer, and no
        // further ones are suspended.
        while counters.suspendedRequests.load(ordering: .relaxed) > 0 { turn(atMost: 1) }
        stopDaemons()
        queue.close()
    }

    private func stopAccepting() {
        isStopping = true
        dispatcher.close()
        // No connection is given to this loop from here on.
        takeAccepted()
    }

    /// Has the next turns answer all requests that wait for a change, some in each, so that no answer takes as long as all of them. Those that
    /// would begin to wait from here on are answered at once.
    private func listWaits() {
        for connection in connections {
            if let waiter = connection.waiter, waiter.wait != nil { markReady(waiter) }
        }
        queue.wake()
    }

    /// Answers all requests that still wait.
    private func endWaits() {
        for connection in connections {
            if let waiter = connection.waiter { endWait(waiter, as: .stopped) }
        }
    }

    /// Serves the remaining connections, and closes those between two requests.
    private func serve(until deadline: () -> MonotonicTime?) {
        while !connections.isEmpty, let deadline = deadline(), now < deadline {
            for connection in connections where connection.isQuiet(at: now, patience: configuration.firstRequestGrace) {
                connection.shutDown()
            }
            turn(atMost: min(100, now.milliseconds(until: deadline)))
        }
    }

    private func refuseSuspended() {
        for connection in connections {
            guard let pending = connection.pending else { continue }
            connection.waiter?.end = .stopped
            pending.deliver(handler.refuse(pending.request, because: .stopping))
        }
    }
}
