import Messaging

/// The path of a route. In it `{id}` stands for one segment, and `/*` at the end for everything below.
struct PathTemplate: Sendable {
    private enum Rest {
        case nothing
        case segment(before: [UInt8])
        case anythingBelow
    }

    private let start: [UInt8]
    private let rest: Rest

    init(_ text: String) {
        if let id = text.firstRange(of: "{id}") {
            start = Array(text[..<id.lowerBound].utf8)
            rest = .segment(before: Array(text[id.upperBound...].utf8))
        } else if text.hasSuffix("/*") {
            start = Array(text.dropLast(2).utf8)
            rest = .anythingBelow
        } else {
            start = Array(text.utf8)
            rest = .nothing
        }
    }

    /// The segment that stands for `{id}`, still encoded and empty where the template has none; nil where a path does not fit.
    func match(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard path.prefix(start.count).hasSameBytes(as: start[...]) else { return nil }
        let remainder = path.dropFirst(start.count)
        switch rest {
        case .nothing:
            return remainder.isEmpty ? remainder : nil
        case .anythingBelow:
            return remainder.isEmpty || remainder.first == UInt8(ascii: "/") ? [] : nil
        case .segment(let end):
            guard remainder.count >= end.count, remainder.suffix(end.count).hasSameBytes(as: end[...]) else {
                return nil
            }
            let segment = remainder.dropLast(end.count)
            // What ends in a slash is no path of ours. An empty id within a path is one that no conversation has.
            guard !segment.contains(UInt8(ascii: "/")), !segment.isEmpty || !end.isEmpty else { return nil }
            return segment
        }
    }

    /// The path with this segment, which has to be encoded, in place of `{id}`.
    func path(with segment: String) -> String {
        let start = String(decoding: start, as: UTF8.self)
        guard case .segment(let end) = rest else { return start }
        return start + segment + String(decoding: end, as: UTF8.self)
    }
}
