import CMalloc

/// The allocator of the C library, which everything in memory comes from (mallopt(3)).
enum Allocator {
    /// Gives large blocks pages of their own, which go back to the system with them; called before any thread starts.
    ///
    /// Left to itself, glibc does so with fewer and fewer blocks: it raises the limit, up to 32 MB, to the largest block that was ever freed.
    /// Tables that grow then leave holes as large as they were, and hold the room for their growth at once.
    static func separateLargeBlocks() {
        mallopt(M_MMAP_THRESHOLD, 1 << 20)
        // Less would be asked for and given back for every large answer.
        mallopt(M_TRIM_THRESHOLD, 4 << 20)
    }
}
