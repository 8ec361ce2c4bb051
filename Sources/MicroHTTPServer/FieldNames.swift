import Glibc
import MessagingHTTP

/// The fields that are handed on, by the length of their name: most names in a request are told apart by that alone.
private let fieldsByLength: [[RequestField]] = {
    let longest = RequestField.allCases.map(\.name.utf8CodeUnitCount).max() ?? 0
    return (0...longest).map { length in RequestField.allCases.filter { $0.name.utf8CodeUnitCount == length } }
}()

extension RequestField {
    /// The field with this name, in any case; nil where it is not handed on.
    init?(matching name: UnsafeRawBufferPointer) {
        guard name.count < fieldsByLength.count else { return nil }
        for field in fieldsByLength[name.count] where name.isName(field.name) {
            self = field
            return
        }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are this lower-case name, in any case.
    func isName(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount, let start = baseAddress else { return false }
        // A NUL would end both, but a name has none.
        return strncasecmp(
            start.assumingMemoryBound(to: CChar.self),
            UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self), count) == 0
    }

    /// The same bytes without blanks and tabs at the end, which do not belong to a field value.
    func trimmingEnd() -> UnsafeRawBufferPointer {
        var count = count
        while count > 0, self[count - 1] == 0x20 || self[count - 1] == 0x09 { count -= 1 }
        return UnsafeRawBufferPointer(rebasing: self[..<count])
    }
}
