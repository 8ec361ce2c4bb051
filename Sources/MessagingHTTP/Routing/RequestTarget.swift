/// The parts of a request target, still encoded (RFC 9112, section 3.2).
struct RequestTarget {
    /// The host that a target in absolute form names, with whatever else stands before the path; nil in any other form.
    let authority: ArraySlice<UInt8>?
    /// The path, without the slash at its end where there is one: with it and without it, a path names the same resource. Two stay two.
    let path: ArraySlice<UInt8>
    let query: ArraySlice<UInt8>

    /// Splits a target in origin form or in absolute form.
    init(_ target: [UInt8]) {
        var target = target[...]
        if target.first != UInt8(ascii: "/"), let (authority, rest) = Self.absolute(target) {
            self.authority = authority
            target = rest
        } else {
            authority = nil
        }
        if let mark = target.firstIndex(of: UInt8(ascii: "?")) {
            path = Self.withoutSlash(target[..<mark])
            query = target[(mark + 1)...]
        } else {
            path = Self.withoutSlash(target)
            query = target[target.endIndex...]
        }
    }

    private static func withoutSlash(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let slash = UInt8(ascii: "/")
        guard path.last == slash, let before = path.dropLast().last, before != slash else { return path }
        return path.dropLast()
    }

    /// Splits what comes after the scheme, which may be in any case (RFC 3986, section 3.1); nil where there is none of HTTP.
    private static func absolute(_ target: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
        for scheme in ["http://", "https://"] {
            let start = String(decoding: target.prefix(scheme.utf8.count), as: UTF8.self)
            guard start.lowercased() == scheme else { continue }
            let rest = target.dropFirst(scheme.utf8.count)
            let end = rest.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
            return (rest[..<end], rest[end...])
        }
        return nil
    }
}
