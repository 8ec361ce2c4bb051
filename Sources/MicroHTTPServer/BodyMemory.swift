import Synchronization

/// How many bytes all the bodies that are coming in, or wait for their answer, have at a time, over all loops.
final class BodyMemory: Sendable {
    private let limit: Int
    private let used = Atomic<Int>(0)

    init(limit: Int) {
        self.limit = limit
    }

    var isExhausted: Bool { used.load(ordering: .relaxed) >= limit }

    /// Takes bytes for a body; false, and none taken, where there are no more.
    func take(_ bytes: Int) -> Bool {
        let (_, now) = used.add(bytes, ordering: .relaxed)
        if now <= limit { return true }
        used.subtract(bytes, ordering: .relaxed)
        return false
    }

    /// Gives them back.
    func giveBack(_ bytes: Int) {
        if bytes > 0 { used.subtract(bytes, ordering: .relaxed) }
    }
}
