import HTTP

extension ClientNetwork {
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
            guard IPAddress.bytes(of: text) != nil else { break }
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
