import Synchronization

/// Counts the connections of this process to PostgreSQL; any thread may read it.
public enum ConnectionCounts {
    private static let opened = Atomic<Int>(0)
    private static let closed = Atomic<Int>(0)
    private static let brokenOnes = Atomic<Int>(0)

    /// How many are open.
    public static var open: Int { opened.load(ordering: .relaxed) - closed.load(ordering: .relaxed) }

    /// How many broke since the start, or were given up because no answer came.
    public static var broken: Int { brokenOnes.load(ordering: .relaxed) }

    static func countOpened() { opened.add(1, ordering: .relaxed) }

    static func countClosed(isBroken: Bool) {
        closed.add(1, ordering: .relaxed)
        if isBroken { brokenOnes.add(1, ordering: .relaxed) }
    }
}
