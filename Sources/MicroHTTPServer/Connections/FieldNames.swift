import CMicroHTTPD
import HTTP

/// A field and its name in lower case.
private struct KnownName {
    /// Nil behind the last one.
    let start: UnsafePointer<UInt8>?
    let field: RequestField
}

/// How many fields may have names of one length, and one more, which is none.
private let width = 5

/// The length of the longest name.
private let longest = RequestField.allCases.map(\.name.utf8CodeUnitCount).max() ?? 0

/// The fields by the length of their name: most names in a request are told apart by that alone.
///
/// A raw table, since an array would be reference-counted for each field of a request. `nonisolated(unsafe)` is safe here: the table is
/// written only in this initializer, which runs once before the first read, and it is never freed or changed afterwards.
private nonisolated(unsafe) let names: UnsafePointer<KnownName> = {
    let table = UnsafeMutablePointer<KnownName>.allocate(capacity: (longest + 1) * width)
    table.initialize(repeating: KnownName(start: nil, field: .host), count: (longest + 1) * width)
    for length in 0...longest {
        let fields = RequestField.allCases.filter { $0.name.utf8CodeUnitCount == length }
        precondition(fields.count < width, "too many fields with names of \(length) characters")
        for (place, field) in fields.enumerated() {
            table[length * width + place] = KnownName(start: field.name.utf8Start, field: field)
        }
    }
    return UnsafePointer(table)
}()

extension UnsafeRawBufferPointer {
    /// Whether these bytes are this lower-case name, in any case. The name has letters, digits and hyphens only.
    func isName(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount, let start = baseAddress else { return false }
        return equals_name(start.assumingMemoryBound(to: UInt8.self), name.utf8Start, count)
    }
}

/// Some of the header fields, and what all of them are called.
///
/// It knows where the names are: to ask for them would cost each field of a request more than to compare them.
struct RequestFieldSet {
    private let bits: UInt64
    private let known: UnsafePointer<KnownName>
    private let longestKnown: Int

    init(_ fields: Set<RequestField>) {
        bits = fields.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
        known = names
        longestKnown = longest
    }

    /// Whether the field is one of them: one instruction.
    func contains(_ field: RequestField) -> Bool { bits >> UInt64(field.rawValue) & 1 != 0 }

    /// The field whose name these bytes are, in any case, one of them or not; nil where it is none at all.
    @inline(__always)
    func field(named name: UnsafePointer<UInt8>, _ count: Int) -> RequestField? {
        guard count <= longestKnown else { return nil }
        var place = known + count &* width
        while let start = place.pointee.start {
            if equals_name(name, start, count) { return place.pointee.field }
            place += 1
        }
        return nil
    }
}
