/// A moment for display, in milliseconds since 1970-01-01T00:00:00Z; nothing is ever ordered by it.
public struct Timestamp: Hashable, Sendable {
    /// Milliseconds since 1970, leap seconds not counted; within years 0–9999 where it came through ``init(rfc3339:)``.
    public let milliseconds: Int64

    /// Takes milliseconds since 1970.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }
}
