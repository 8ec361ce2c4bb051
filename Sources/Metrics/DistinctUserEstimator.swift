import Glibc
import Synchronization

/// Estimates how many distinct users were seen in the last half minute, in 64 KB however many they are.
///
/// HyperLogLog (Flajolet and others, 2007) with 4096 registers, that is, within some 2 % and, for a few dozen people, exact as a
/// rule. One such sketch for every two seconds makes the window slide. `see` must be called on one thread; the
/// estimate may be read on any.
public final class DistinctUserEstimator: Sendable {
    private static let registers = 4096
    private static let slots = 16
    private static let secondsPerSlot = 2

    private let ranks = InlineArray<65_536, Atomic<UInt8>> { _ in Atomic(0) }
    /// Which stretch of two seconds each slot is for, plus one; 0 for none.
    private let stretches = InlineArray<16, Atomic<Int>> { _ in Atomic(0) }

    /// Creates a distinct user estimator.
    public init() {}

    /// Counts a user; only ever called by one thread.
    ///
    /// - Parameters:
    ///   - person: a number that stands for them, each bit as likely as not.
    ///   - second: seconds of a monotonic clock.
    public func see(_ person: UInt64, at second: Int) {
        let stretch = second / Self.secondsPerSlot
        let slot = stretch % Self.slots
        if stretches[slot].load(ordering: .relaxed) != stretch + 1 { begin(stretch, slot) }
        let register = slot * Self.registers + Int(person & UInt64(Self.registers - 1))
        let rank = UInt8((person | UInt64(Self.registers - 1)).leadingZeroBitCount) + 1
        if ranks[register].load(ordering: .relaxed) < rank { ranks[register].store(rank, ordering: .relaxed) }
    }

    private func begin(_ stretch: Int, _ slot: Int) {
        stretches[slot].store(0, ordering: .relaxed)
        for register in 0..<Self.registers { ranks[slot * Self.registers + register].store(0, ordering: .relaxed) }
        stretches[slot].store(stretch + 1, ordering: .releasing)
    }

    /// How many different people these sketches saw in the 30 to 32 seconds before `second`, the present one included.
    public static func estimate(_ sketches: [DistinctUserEstimator], at second: Int) -> Int {
        let present = second / secondsPerSlot
        var highest = [UInt8](repeating: 0, count: registers)
        for sketch in sketches {
            for slot in 0..<slots {
                let stretch = sketch.stretches[slot].load(ordering: .acquiring) - 1
                guard stretch >= 0, stretch <= present, stretch > present - slots else { continue }
                for register in 0..<registers {
                    let rank = sketch.ranks[slot * registers + register].load(ordering: .relaxed)
                    highest[register] = max(highest[register], rank)
                }
            }
        }
        return Int(estimate(highest).rounded())
    }

    private static func estimate(_ ranks: [UInt8]) -> Double {
        let m = Double(registers)
        let raw = 0.7213 / (1 + 1.079 / m) * m * m / ranks.reduce(0.0) { $0 + exp2(-Double($1)) }
        let empty = ranks.count { $0 == 0 }
        return raw <= 2.5 * m && empty > 0 ? m * log(m / Double(empty)) : raw
    }
}
