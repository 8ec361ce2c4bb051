/// What counts as one client wherever addresses are counted: an IPv4 address, or the /64 network that an IPv6 address is in.
///
/// A client that has one IPv6 address usually has all 2^64 of its network (RFC 4291, section 2.5.4; RFC 7934).
package enum ClientNetwork: Hashable, Sendable {
    case version4([UInt8])
    /// The first eight bytes of the address.
    case version6([UInt8])
    /// A peer without an IP address.
    case other

    /// That of an address as text; an IPv4 address mapped into IPv6 counts as itself.
    package init(of address: String) {
        guard let bytes = IPAddress.bytes(of: address) else {
            self = .other
            return
        }
        self = bytes.count == 4 ? .version4(bytes) : .version6(Array(bytes.prefix(8)))
    }
}
