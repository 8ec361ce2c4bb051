/// What a store takes of memory.
package enum StoreMemory {
    /// How many reads go on at a time.
    package static let readers = SQLiteStore.readers
    /// The most bytes of pages of the database: those of the writer and, by SQLite's default, 2 MB of each reader.
    package static let pages = SQLiteStore.writerCache * 1024 + SQLiteStore.readers * 2_048_000
}
