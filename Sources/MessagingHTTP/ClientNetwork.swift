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
        guard let bytes = AddressRanges.bytes(of: address) else {
            self = .other
            return
        }
        self = bytes.count == 4 ? .version4(bytes) : .version6(Array(bytes.prefix(8)))
    }

    /// That of the client whose request came through trusted proxies: the last address in `X-Forwarded-For` that is none of theirs, or the
    /// peer's where the peer is no proxy.
    ///
    /// A proxy adds at the end from whom it got a request; what is before that may be the client's own words. Where it adds nothing, those count.
    /// So it decides turns and shares, and never who is kept out.
    init(of request: Request, through proxies: AddressRanges) {
        var address = request.peer
        var rest = request.fields.all(.forwardedFor).reversed().lazy.flatMap { line in
            line.split(separator: UInt8(ascii: ",")).reversed()
        }.makeIterator()
        while proxies.contains(address), let next = rest.next() {
            let text = String(decoding: next, as: UTF8.self).trimmed
            guard AddressRanges.bytes(of: text) != nil else { break }
            address = text
        }
        self.init(of: address)
    }
}

extension String {
    /// Without blanks around it.
    fileprivate var trimmed: String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
