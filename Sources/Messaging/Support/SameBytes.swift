import Glibc

extension UnsafeRawBufferPointer {
    /// Whether these are the same bytes, found out by the library's comparison of memory: several times as fast as one by one.
    @inlinable
    public func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let start = baseAddress, let otherStart = other.baseAddress else { return true }
        return memcmp(start, otherStart, count) == 0
    }
}

extension ArraySlice<UInt8> {
    /// Whether these are the same bytes.
    @inlinable
    public func hasSameBytes(as other: ArraySlice<UInt8>) -> Bool {
        withUnsafeBytes { bytes in other.withUnsafeBytes { bytes.hasSameBytes(as: $0) } }
    }

    /// Whether these are the bytes of a text in UTF-8.
    @inlinable
    public func hasSameBytes(as text: String) -> Bool {
        text.withBytes { other in withUnsafeBytes { $0.hasSameBytes(as: other) } }
    }
}

extension String {
    /// Whether these are its bytes in UTF-8.
    public func hasSameBytes(as bytes: UnsafeRawBufferPointer) -> Bool {
        withBytes { $0.hasSameBytes(as: bytes) }
    }

    /// Whether both are the same bytes in UTF-8; `==` takes canonically equivalent texts for the same.
    @inlinable
    public func hasSameBytes(as other: String) -> Bool {
        withBytes { bytes in other.withBytes { bytes.hasSameBytes(as: $0) } }
    }

    /// Whether its bytes in UTF-8 come before the other's.
    func hasBytes(before other: String) -> Bool {
        withBytes { bytes in
            other.withBytes { other in
                guard let start = bytes.baseAddress, let otherStart = other.baseAddress else {
                    return bytes.count < other.count
                }
                let order = memcmp(start, otherStart, min(bytes.count, other.count))
                return order == 0 ? bytes.count < other.count : order < 0
            }
        }
    }

    /// Its bytes in UTF-8; those of a text that Swift made itself are not copied.
    @inlinable
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) }) { return result }
        var copy = self
        return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
