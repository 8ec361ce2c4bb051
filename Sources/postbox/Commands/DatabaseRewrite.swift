import SQLiteStore

/// The second half of every command that takes something away.
enum DatabaseRewrite {
    /// Writes the file anew, without what was taken away.
    static func run(_ offline: OfflineDatabase) throws {
        do {
            try offline.compact()
        } catch {
            throw Failure.unavailable(
                "that is done, but the file could not be written anew without it; make room and run this again: \(error)"
            )
        }
    }
}
