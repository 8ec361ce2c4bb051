/// How well a bounded table in memory serves.
public struct TableStatistics: Sendable, Equatable {
    /// How many entries it holds.
    public let entries: Int
    /// How many look-ups found an entry.
    public let hits: Int
    /// How many look-ups found none.
    public let misses: Int
    /// How many entries have gone to make room.
    public let evictions: Int
}
