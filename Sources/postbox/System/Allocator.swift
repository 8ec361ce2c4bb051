import CMalloc

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
