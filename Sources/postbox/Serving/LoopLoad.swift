/// Measures the share of time that the busiest event loop was busy.
struct LoopLoad {
    private static let second = 1_000_000_000

    private var busy: [Int]
    private var time: Int

    /// - Parameters:
    ///   - busy: how long each loop has been busy so far, in nanoseconds.
    ///   - time: nanoseconds of a monotonic clock.
    init(_ busy: [Int], at time: Int) {
        self.busy = busy
        self.time = time
    }

    /// The share since the last one, 0–1; nil where less than a second has passed.
    mutating func share(_ busy: [Int], at time: Int) -> Double? {
        // A wait of a second may end a little early.
        guard time - self.time >= Self.second * 9 / 10 else { return nil }
        defer { (self.busy, self.time) = (busy, time) }
        let most = zip(self.busy, busy).map { $1 - $0 }.max() ?? 0
        return min(1, Double(most) / Double(time - self.time))
    }
}
