import Messaging

/// The host and the port that a URL or the field `Host` names (RFC 3986, section 3.2; RFC 9110, section 7.2).
struct Authority {
    /// The host as it came, an IPv6 address in its brackets.
    let host: ArraySlice<UInt8>
    /// The port; nil where none is named.
    let port: UInt16?

    /// Reads `host` or `host:port`; nil for anything else, such as user information, percent-encoding and a port above 65,535.
    init?(_ text: ArraySlice<UInt8>) {
        let end: Int
        if text.first == UInt8(ascii: "[") {
            guard let bracket = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            end = bracket + 1
            let address = text[..<end].dropFirst().dropLast()
            // An IPv4 address does not belong into brackets.
            guard address.contains(UInt8(ascii: ":")), address.allSatisfy(Self.mayStandInAddress) else { return nil }
        } else {
            end = text.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
            guard text[..<end].allSatisfy(Self.mayStandInName) else { return nil }
        }
        host = text[..<end]
        guard !host.isEmpty else { return nil }
        let rest = text[end...]
        guard let colon = rest.first else {
            port = nil
            return
        }
        let digits = rest.dropFirst()
        guard colon == UInt8(ascii: ":"), digits.allSatisfy(Self.isDigit) else { return nil }
        if digits.isEmpty {
            port = nil
        } else {
            guard let number = UInt16(String(decoding: digits, as: UTF8.self)) else { return nil }
            port = number
        }
    }

    /// Whether the host is a name or an address of the machine itself: `localhost` and names below it (RFC 6761, section 6.3),
    /// 127.0.0.0/8 and ::1.
    var isLoopback: Bool {
        if host.first == UInt8(ascii: "[") {
            return AddressRanges.loopback.contains(String(decoding: host.dropFirst().dropLast(), as: UTF8.self))
        }
        let name = String(decoding: host, as: UTF8.self)
        if AddressRanges.loopback.contains(name) { return true }
        let labels = (name.hasSuffix(".") ? name.dropLast() : name[...])
            .split(separator: ".", omittingEmptySubsequences: false)
        return labels.last?.lowercased() == "localhost" && !labels.contains("")
    }

    /// Whether both name the same host and port, where a port that is not named is `defaultPort`.
    func isSame(as other: Authority, defaultPort: UInt16) -> Bool {
        (port ?? defaultPort) == (other.port ?? defaultPort)
            && host.lazy.map(Self.lowercased).elementsEqual(other.host.lazy.map(Self.lowercased))
    }

    private static func mayStandInName(_ byte: UInt8) -> Bool {
        isDigit(byte) || isLetter(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
    }

    private static func mayStandInAddress(_ byte: UInt8) -> Bool {
        isDigit(byte) || isLetter(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowercased(byte))
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
