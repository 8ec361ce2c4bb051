import Messaging

/// A 64-bit fingerprint that is the same in every process and release, unlike Swift's `Hasher`.
///
/// SipHash with a key that is no secret: it spreads what differs little, such as the numbers of two messages. It need not resist attacks:
/// a client that forges a tag only tells itself that nothing has changed.
struct Fingerprint {
    private var hash = SipHash(key: SipHash.Key(low: 0, high: 0))

    mutating func combine(_ text: String) {
        hash.combine(text)
    }

    mutating func combine(_ number: Int64) {
        hash.combine(UInt64(bitPattern: number), bytes: 8)
    }

    mutating func combine(_ caller: Caller) {
        combine(caller.tenant.text)
        combine(caller.user.text)
    }

    /// The fingerprint of all that was combined.
    var value: UInt64 { hash.value }

    /// 54 bits of the fingerprint as nine characters (RFC 4648, section 5).
    ///
    /// Every idle poll carries them. Two states of a view share them once in 10^16 changes.
    var text: String {
        let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        let bits = value
        return String(unsafeUninitializedCapacity: 9) { text in
            for place in 0..<9 { text[place] = digits.utf8Start[Int(bits >> (6 * UInt64(place)) & 0x3F)] }
            return 9
        }
    }
}
