import Messaging

/// A 64-bit fingerprint that is the same in every process and release, unlike Swift's `Hasher`.
///
/// FNV-1a. It need not resist attacks: a client that forges a tag only tells itself that nothing has changed.
struct Fingerprint {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func combine(_ text: String) {
        var text = text
        text.withUTF8 { for byte in $0 { mix(byte) } }
        // A byte that UTF-8 never has ends each text, so that "a" + "bc" and "ab" + "c" differ.
        mix(0xFF)
    }

    mutating func combine(_ number: Int64) {
        var rest = UInt64(bitPattern: number)
        for _ in 0..<8 {
            mix(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    mutating func combine(_ caller: Caller) {
        combine(caller.tenant.text)
        combine(caller.user.text)
    }

    /// The fingerprint with its bits mixed, so that each of them depends on all that was combined (SplitMix64's finalizer).
    var mixed: UInt64 {
        var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// The fingerprint in base 36.
    var text: String { String(state, radix: 36) }

    private mutating func mix(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
}
