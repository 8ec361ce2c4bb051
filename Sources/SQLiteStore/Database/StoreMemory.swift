/// What a store takes of memory.
public enum StoreMemory {
    /// How many reads go on at a time.
    public static let readers = SQLiteStore.readers
    /// The most bytes of pages of the database: those of the writer and, by SQLite's default, 2 MB of each reader.
    public static let pages = SQLiteStore.writerCache * 1024 + SQLiteStore.readers * 2_048_000
}
