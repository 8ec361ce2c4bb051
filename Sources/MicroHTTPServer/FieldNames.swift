import CMicroHTTPD
import MessagingHTTP

/// The fields that are handed on, by the length of their name: most names in a request are told apart by that alone.
private let fieldsByLength: [[RequestField]] = {
    let longest = RequestField.allCases.map(\.name.utf8CodeUnitCount).max() ?? 0
    return (0...longest).map { length in RequestField.allCases.filter { $0.name.utf8CodeUnitCount == length } }
}()

extension RequestField {
    /// The field whose name these bytes are, in any case; nil where it is not handed on.
    init?(matching name: UnsafePointer<UInt8>, _ count: Int) {
        guard count < fieldsByLength.count else { return nil }
        for field in fieldsByLength[count] where equals_name(name, field.name.utf8Start, count) {
            self = field
            return
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
