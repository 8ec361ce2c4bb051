import CMicroHTTPD
import MessagingHTTP

/// How many fields may have names of one length.
private let width = 4

/// The fields that are handed on, by the length of their name: most names in a request are told apart by that alone. One array, so that
/// a look-up counts no references.
private let fieldsByLength: [RequestField?] = {
    let longest = RequestField.allCases.map(\.name.utf8CodeUnitCount).max() ?? 0
    return (0...longest).flatMap { length in
        let fields: [RequestField?] = RequestField.allCases.filter { $0.name.utf8CodeUnitCount == length }
        precondition(fields.count <= width, "too many fields with names of \(length) characters")
        return fields + Array(repeating: nil, count: width - fields.count)
    }
}()

extension RequestField {
    /// The field whose name these bytes are, in any case; nil where it is not handed on.
    init?(matching name: UnsafePointer<UInt8>, _ count: Int) {
        var place = count * width
        let end = place + width
        guard end <= fieldsByLength.count else { return nil }
        while place < end, let field = fieldsByLength[place] {
            if equals_name(name, field.name.utf8Start, count) {
                self = field
                return
            }
            place += 1
        }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are this lower-case name, in any case. The name has letters, digits and hyphens only.
    func isName(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount, let start = baseAddress else { return false }
        return equals_name(start.assumingMemoryBound(to: UInt8.self), name.utf8Start, count)
    }
}

/// Some of the header fields: a look-up is one instruction.
struct RequestFieldSet {
    private let bits: UInt64

    init(_ fields: Set<RequestField>) {
        bits = fields.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    }

    func contains(_ field: RequestField) -> Bool { bits >> UInt64(field.rawValue) & 1 != 0 }
}
