/// How long to wait before the next attempt to connect: twice as long each time, with jitter, so that the processes that lost a server
/// do not all come back at once.
struct Backoff {
    static let first = Duration.milliseconds(100)
    static let longest = Duration.seconds(5)

    private var next = Backoff.first

    /// The pause before the next attempt, between half of it and all of it.
    mutating func pause() -> Duration {
        defer { next = min(next * 2, Self.longest) }
        return next * Double.random(in: 0.5...1)
    }

    /// An attempt has succeeded.
    mutating func reset() { next = Self.first }
}
