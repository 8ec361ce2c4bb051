/// The path and the query of a request, still encoded (RFC 9112, section 3.2).
struct RequestTarget {
    let path: ArraySlice<UInt8>
    let query: ArraySlice<UInt8>

    /// Splits a target in origin form, or in absolute form, of which only path and query count.
    init(_ target: [UInt8]) {
        var target = target[...]
        if target.first != UInt8(ascii: "/") { target = Self.originForm(of: target) }
        if let mark = target.firstIndex(of: UInt8(ascii: "?")) {
            path = target[..<mark]
            query = target[(mark + 1)...]
        } else {
            path = target
            query = target[target.endIndex...]
        }
    }

    private static func originForm(of target: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        for scheme in ["http://", "https://"] where target.starts(with: scheme.utf8) {
            let authority = target.dropFirst(scheme.utf8.count)
            return authority.firstIndex(of: UInt8(ascii: "/")).map { authority[$0...] } ?? []
        }
        return target
    }
}
