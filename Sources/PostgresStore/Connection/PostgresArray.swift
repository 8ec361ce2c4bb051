/// Reads the elements of an array of one dimension in PostgreSQL's binary format.
struct PostgresArray {
    /// One element; its bytes are nil for NULL, and valid as long as the rows that they come from.
    struct Element {
        let bytes: UnsafeRawBufferPointer?
    }

    /// How many elements there are.
    let count: Int
    private let bytes: UnsafeRawBufferPointer
    private var offset: Int
    private var left: Int

    /// - Throws: ``PostgresError/malformed(_:)`` where there are several dimensions, or bytes are missing.
    init(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
        self.bytes = bytes
        let dimensions = try Self.int4(bytes, at: 0)
        guard (0...1).contains(dimensions) else { throw .malformed("an array of \(dimensions) dimensions") }
        let length = dimensions == 0 ? 0 : Int(try Self.int4(bytes, at: 12))
        // Each element has at least its length.
        guard (0...bytes.count / 4).contains(length) else { throw .malformed("an array of \(length) elements") }
        (count, left, offset) = (length, length, 20)
    }

    /// The next element; nil after the last.
    mutating func next() throws(PostgresError) -> Element? {
        guard left > 0 else { return nil }
        left -= 1
        let length = Int(try Self.int4(bytes, at: offset))
        offset += 4
        guard length >= 0 else { return Element(bytes: nil) }
        guard length <= bytes.count - offset else { throw .malformed("an array that ends early") }
        defer { offset += length }
        return Element(bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]))
    }

    private static func int4(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(PostgresError) -> Int32 {
        guard offset + 4 <= bytes.count else { throw .malformed("an array that ends early") }
        return Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
    }

    /// Reads a number that takes all of these bytes.
    static func number<Number: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) -> Number {
        guard bytes.count == MemoryLayout<Number>.size else { throw .malformed("a number of \(bytes.count) bytes") }
        return Number(bigEndian: bytes.loadUnaligned(as: Number.self))
    }
}
