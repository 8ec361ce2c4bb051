import CMalloc
import MessagingHTTP

/// Gives memory back to the system once a load is over that answers took much of (malloc_trim(3)): by itself the C library keeps what is
/// free between blocks in use.
struct MemoryTrimmer {
    /// How many fewer bytes of answers there must be than there were.
    private static let worthwhile = 16 << 20
    /// How many looks apart, so that a load that comes and goes does not pay for it each time.
    private static let period = 10

    private let memory: AnswerMemory
    private let trim: () -> Void
    private var looks = 0
    private var peak = 0

    /// - Parameter trim: gives back what is free.
    init(memory: AnswerMemory, trim: @escaping () -> Void = { malloc_trim(0) }) {
        self.memory = memory
        self.trim = trim
    }

    /// Called about once a second, on a thread that may wait for some milliseconds.
    mutating func look() {
        looks += 1
        guard looks.isMultiple(of: Self.period) else { return }
        peak = max(peak, memory.takePeak())
        let held = memory.held
        guard peak - held >= Self.worthwhile else { return }
        peak = held
        trim()
    }
}
