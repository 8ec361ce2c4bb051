import CMalloc

/// Gives memory back to the system once a load is over that took much of it (malloc_trim(3)): by itself the C library keeps what is free
/// between blocks in use.
struct MemoryTrimmer {
    /// How many fewer bytes there must be than there were.
    private static let worthwhile = 16 << 20
    /// How many looks apart, so that a load that comes and goes does not pay for it each time.
    private static let period = 10

    private let held: () -> Int
    private let takePeak: () -> Int
    private let trim: () -> Void
    private var looks = 0
    private var peak = 0

    /// - Parameters:
    ///   - held: how many bytes a load takes now: answers, bodies, connections.
    ///   - takePeak: the most that it took since the last call, or more.
    ///   - trim: gives back what is free.
    init(
        held: @escaping () -> Int, takePeak: @escaping () -> Int, trim: @escaping () -> Void = { malloc_trim(0) }
    ) {
        self.held = held
        self.takePeak = takePeak
        self.trim = trim
    }

    /// Called about once a second, on a thread that may wait for some milliseconds.
    mutating func look() {
        looks += 1
        let held = held()
        peak = max(peak, held)
        guard looks.isMultiple(of: Self.period) else { return }
        peak = max(peak, takePeak())
        guard peak - held >= Self.worthwhile else { return }
        peak = held
        trim()
    }
}

/// The allocator of the C library, which everything in memory comes from (mallopt(3)).
enum Allocator {
    /// From how many bytes on a block is large: more than most answers have.
    private static let large: Int32 = 1 << 20

    /// Gives large blocks pages of their own, which go back to the system with them; called before any thread starts.
    ///
    /// Left to itself, glibc does so with ever larger ones only: it raises the limit to the largest block that was ever freed, up to 32 MB.
    /// Tables that grow then leave holes as large as they were, and each thread keeps some free memory for itself.
    static func separateLargeBlocks() {
        mallopt(M_MMAP_THRESHOLD, large)
        mallopt(M_TRIM_THRESHOLD, large)
    }
}
