import Glibc

/// What counts as one client wherever addresses are counted: an IPv4 address, or the /64 network that an IPv6 address is in.
///
/// A client that has one IPv6 address usually has all 2^64 of its network (RFC 4291, section 2.5.4; RFC 7934).
public enum ClientNetwork: Hashable, Sendable {
    case version4([UInt8])
    /// The first eight bytes of the address.
    case version6([UInt8])
    /// A peer without an IP address.
    case other

    /// That of an address as text; an IPv4 address mapped into IPv6 counts as itself.
    public init(of address: String) {
        guard let bytes = IPAddress.bytes(of: address) else {
            self = .other
            return
        }
        self = bytes.count == 4 ? .version4(bytes) : .version6(Array(bytes.prefix(8)))
    }
}

/// Reads IP addresses.
public enum IPAddress {
    /// The four or sixteen bytes of an address as text; four for an IPv4 address mapped into IPv6.
    public static func bytes(of text: String) -> [UInt8]? {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 { return withUnsafeBytes(of: &v4) { Array($0) } }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        return withUnsafeBytes(of: &v6) { isMapped($0) ? Array($0.suffix(4)) : Array($0) }
    }

    /// Whether the sixteen bytes of an IPv6 address hold an IPv4 address, in the last four (RFC 4291, section 2.5.5.2).
    public static func isMapped(_ version6: UnsafeRawBufferPointer) -> Bool {
        version6.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
    }
}

/// What a request's share of memory is counted for: its caller, where the handler knows who that is, or else the network it comes from.
public enum RequestSource: Hashable, Sendable {
    /// A caller, as a number that the handler chooses. It is the same for all requests of the caller while the process runs; callers whose
    /// numbers happen to be equal share what is counted.
    case caller(Int)
    /// The network of the client: that of the peer, or the one that a trusted proxy names.
    case network(ClientNetwork)
}
