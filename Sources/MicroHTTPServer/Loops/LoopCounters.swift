import Synchronization

/// The numbers of one loop: written by its thread alone, read by any.
///
/// Each loop has its own, so that no two threads write the same cache line for every request.
final class LoopCounters: Sendable {
    let openConnections = Atomic<Int>(0)
    let openRequests = Atomic<Int>(0)
    let suspendedRequests = Atomic<Int>(0)
    let waitingRequests = Atomic<Int>(0)
    let waitsChanged = Atomic<Int>(0)
    let waitsTimedOut = Atomic<Int>(0)
    let waitsEvicted = Atomic<Int>(0)
    let waitsGone = Atomic<Int>(0)
    let waitsStopped = Atomic<Int>(0)
    let answeredRequests = Atomic<Int>(0)
    let cutConnections = Atomic<Int>(0)
    let refusedConnections = Atomic<Int>(0)
    let meter = LoopMeter()
    /// How long it has worked: the nanoseconds between waking up and waiting again, from its start on.
    let busyNanoseconds = Atomic<Int>(0)
    private let turn = Atomic<Int>(MonotonicTime.now.nanoseconds)

    /// When the loop last woke up.
    var turnedAt: MonotonicTime {
        get { MonotonicTime(nanoseconds: turn.load(ordering: .relaxed)) }
        set { turn.store(newValue.nanoseconds, ordering: .relaxed) }
    }

    func add(to statistics: inout ServerStatistics) {
        statistics.openConnections += openConnections.load(ordering: .relaxed)
        statistics.openRequests += openRequests.load(ordering: .relaxed)
        statistics.suspendedRequests += suspendedRequests.load(ordering: .relaxed)
        statistics.waitingRequests += waitingRequests.load(ordering: .relaxed)
        statistics.waitsChanged += waitsChanged.load(ordering: .relaxed)
        statistics.waitsTimedOut += waitsTimedOut.load(ordering: .relaxed)
        statistics.waitsEvicted += waitsEvicted.load(ordering: .relaxed)
        statistics.waitsGone += waitsGone.load(ordering: .relaxed)
        statistics.waitsStopped += waitsStopped.load(ordering: .relaxed)
        statistics.answeredRequests += answeredRequests.load(ordering: .relaxed)
        statistics.refusedConnections += refusedConnections.load(ordering: .relaxed)
        statistics.cutConnections += cutConnections.load(ordering: .relaxed)
    }
}

extension Atomic where Value == Int {
    /// Adds without a locked instruction; right only where a single thread ever writes.
    @inline(__always)
    func bump(by delta: Int) {
        store(load(ordering: .relaxed) &+ delta, ordering: .relaxed)
    }
}
