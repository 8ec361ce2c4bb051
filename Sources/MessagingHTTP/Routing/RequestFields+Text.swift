import HTTP

extension RequestFields {
    /// The value of a field that may come at most once, as text; nil where it does not come.
    ///
    /// - Throws: `malformed-request` where it comes twice or is not UTF-8.
    func onlyText(_ field: RequestField) throws(Problem) -> String? {
        guard let value = self[field] else { return nil }
        guard count(of: field) == 1 else { throw Problem(.malformedRequest, "\(field.name) is given twice.") }
        guard let text = String(ofUTF8: value) else {
            throw Problem(.malformedRequest, "\(field.name) is not UTF-8.")
        }
        return text
    }
}

extension String {
    /// The text that these bytes are in UTF-8; nil where they are none.
    ///
    /// Nearly all requests are ASCII, for which the library's own validation takes thirty times as long.
    init?(ofUTF8 bytes: some Collection<UInt8>) {
        let ascii = bytes.withContiguousStorageIfAvailable { bytes in
            bytes.allSatisfy { $0 < 0x80 } ? String(decoding: bytes, as: UTF8.self) : nil
        }
        if let ascii = ascii ?? nil {
            self = ascii
        } else {
            self.init(validating: bytes, as: UTF8.self)
        }
    }
}

extension BidirectionalCollection where Element == UInt8, SubSequence == Self {
    /// These bytes without the blanks around them (RFC 9110, section 5.6.3).
    var withoutBlanks: Self {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        let start = drop(while: isBlank)
        return start.lastIndex { !isBlank($0) }.map { start[...$0] } ?? start.prefix(0)
    }
}
