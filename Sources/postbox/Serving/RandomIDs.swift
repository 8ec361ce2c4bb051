import Messaging

/// Makes ids that were never used before.
enum RandomIDs {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    /// 64 random bits from the system; any thread may ask.
    static func word() -> UInt64 { .random(in: .min ... .max) }

    /// An id for a conversation that has none yet: 80 random bits; any thread may ask.
    static func conversation() -> ConversationID {
        var (low, high) = (word(), word())
        let id = String(unsafeUninitializedCapacity: 18) { bytes in
            bytes[0] = UInt8(ascii: "c")
            bytes[1] = UInt8(ascii: "-")
            for place in 0..<8 {
                bytes[2 + place] = alphabet[Int(low & 31)]
                bytes[10 + place] = alphabet[Int(high & 31)]
                low >>= 5
                high >>= 5
            }
            return 18
        }
        return ConversationID(trusted: id)
    }

    /// A name for a request that came without one: 64 random bits; any thread may ask.
    static func request() -> String {
        let digits = String(word(), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
