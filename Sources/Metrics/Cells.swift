import Synchronization

/// Numbers that one thread counts up and any thread reads.
///
/// Each loop has cells of its own, so that to count costs two moves and no locked instruction. What a reader sees may be a
/// moment old, and numbers that belong together may be a moment apart.
public final class Cells: Sendable {
    /// How many cells there are.
    public static let count = 512

    private let cells = InlineArray<512, Atomic<Int>> { _ in Atomic(0) }

    /// Creates cells.
    public init() {}

    /// Adds to a cell; only ever called by one thread.
    @inline(__always)
    public func add(_ amount: Int, to index: Int) {
        cells[index].store(cells[index].load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// The value of a cell.
    public subscript(index: Int) -> Int { cells[index].load(ordering: .relaxed) }
}
