/// What a store does with its files, as far as it can fail apart from the rest; the list is closed.
package enum StoreOperation: String, CaseIterable, Sendable {
    case read, write
    /// Copying the write-ahead log into the database: while that fails, writes go on and the log grows.
    case checkpoint
}
