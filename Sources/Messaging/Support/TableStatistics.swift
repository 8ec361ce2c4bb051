/// How well a bounded table in memory serves.
package struct TableStatistics: Sendable, Equatable {
    /// How many entries it holds.
    package let entries: Int
    /// How many look-ups found an entry.
    package let hits: Int
    /// How many look-ups found none.
    package let misses: Int
    /// How many entries have gone to make room.
    package let evictions: Int
}
