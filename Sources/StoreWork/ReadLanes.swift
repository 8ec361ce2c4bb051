import Dispatch
import Synchronization

/// Runs blocks on its own threads, at most one at a time on each of its lanes.
///
/// Not generic, unlike ``ReadQueue``: in generic code Swift looks up types at run time, thousands of instructions for each block.
final class ReadLanes: Sendable {
    /// A block; it learns the lane's number.
    typealias Block = @Sendable (_ lane: Int) -> Void

    private struct State {
        var waiting: [Block] = []
        /// The lanes that run no block; the one used last comes first, because its context is the most likely to be there.
        var free: [Int]
        /// When a block last began or ended.
        var moved: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    private let threads = DispatchQueue(label: "postbox-readers", attributes: .concurrent)
    private let capacity: Int
    private let stallLimit: Duration
    private let now: @Sendable () -> ContinuousClock.Instant

    /// The parameters are those of ``ReadQueue``.
    init(width: Int, capacity: Int, stallLimit: Duration, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        state = Mutex(State(free: Array(0..<width)))
        self.capacity = capacity
        self.stallLimit = stallLimit
        self.now = now
    }

    /// Whether all lanes have been at the same blocks for too long.
    var isStalled: Bool { state.withLock { isStalled($0) } }

    /// Takes a block to run it as soon as a lane is free; false where too many wait.
    func put(_ block: @escaping Block) -> Bool {
        let (isTaken, lane) = state.withLock { state -> (Bool, Int?) in
            guard state.waiting.count < capacity, !isStalled(state) else { return (false, nil) }
            state.waiting.append(block)
            guard let lane = state.free.popLast() else { return (true, nil) }
            // After a quiet time the last block ended long ago, and the next ones would take that for a hung disk.
            state.moved = now()
            return (true, lane)
        }
        if let lane { threads.async { [self] in work(lane) } }
        return isTaken
    }

    private func isStalled(_ state: State) -> Bool {
        guard state.free.isEmpty, let moved = state.moved else { return false }
        return now() - moved > stallLimit
    }

    private func work(_ lane: Int) {
        while let block = next(lane) { block(lane) }
    }

    /// Takes the block that waits longest, or else frees the lane.
    private func next(_ lane: Int) -> Block? {
        state.withLock { state in
            state.moved = now()
            guard !state.waiting.isEmpty else {
                state.free.append(lane)
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
