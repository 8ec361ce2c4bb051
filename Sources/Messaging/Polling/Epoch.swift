/// The epoch of a store: changes when the store is restored.
///
/// Cursors and entity tags carry it, so that those from before the change are recognized as invalid.
public struct Epoch: Hashable, Sendable {
    /// 1 to 16 characters out of `a–z` and `0–9`.
    public let text: String

    /// Takes 1 to 16 characters out of `a–z0–9`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let utf8 = text.utf8
        guard (1...16).contains(utf8.count),
            utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) })
        else { return nil }
        self.text = String(text)
    }

    /// Makes an epoch out of 40 random bits.
    public init(random: UInt64) {
        let digits = String(random & 0xFF_FFFF_FFFF, radix: 36)
        text = String(repeating: "0", count: 8 - digits.count) + digits
    }
}
