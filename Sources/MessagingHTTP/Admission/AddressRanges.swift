import HTTP
import Messaging

/// Ranges of IP addresses in CIDR notation (RFC 4632, RFC 4291).
public struct AddressRanges: Sendable, Equatable {
    private struct Range: Equatable {
        let prefix: [UInt8]
        let bits: Int
    }

    private var ranges: [Range] = []

    /// No addresses.
    public init() {}

    /// This machine: 127.0.0.0/8 and ::1.
    public static let loopback = AddressRanges(["127.0.0.0/8", "::1/128"]) ?? AddressRanges()

    /// Takes ranges such as `10.0.0.0/8` or `fd00::/8`, or single addresses; nil where one is neither.
    public init?(_ texts: [String]) {
        for text in texts {
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let address = IPAddress.bytes(of: String(parts[0])) else { return nil }
            let bits = parts.count == 2 ? DecimalNumber.parse(parts[1].utf8) : Int64(address.count * 8)
            guard let bits, bits <= address.count * 8 else { return nil }
            ranges.append(Range(prefix: address, bits: Int(bits)))
        }
    }

    /// Whether one of them contains this address, given as text; an IPv4 address mapped into IPv6 counts as IPv4.
    public func contains(_ address: String) -> Bool {
        guard let bytes = IPAddress.bytes(of: address) else { return false }
        return ranges.contains { Self.matches(bytes, $0) }
    }

    private static func matches(_ address: [UInt8], _ range: Range) -> Bool {
        guard address.count == range.prefix.count else { return false }
        let whole = range.bits / 8
        guard address.prefix(whole) == range.prefix.prefix(whole) else { return false }
        guard range.bits % 8 > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> (range.bits % 8))
        return address[whole] & mask == range.prefix[whole] & mask
    }
}
