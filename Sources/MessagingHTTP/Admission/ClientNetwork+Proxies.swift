import HTTP

extension ClientNetwork {
    /// The network of a client behind trusted proxies: the last address in `X-Forwarded-For` that is not a trusted proxy's, or the
    /// peer's where the peer is no proxy.
    ///
    /// A proxy appends the address that a request came from; the client may have written everything before that. Where the proxy
    /// appends nothing, the client's own addresses count. So the network decides turns and shares, and never refusals.
    init(of request: Request, through proxies: AddressRanges) {
        var address = request.peer
        var rest = request.fields.all(.forwardedFor).reversed().lazy.flatMap { line in
            line.split(separator: UInt8(ascii: ",")).reversed()
        }.makeIterator()
        while proxies.contains(address), let next = rest.next() {
            let text = String(decoding: next.withoutBlanks, as: UTF8.self)
            guard IPAddress.bytes(of: text) != nil else { break }
            address = text
        }
        self.init(of: address)
    }
}
