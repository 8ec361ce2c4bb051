import CPostgres

/// The rows that a statement returned, in PostgreSQL's binary format.
///
/// It belongs to the thread that ran the statement. A value of another type or length than expected throws
/// ``PostgresError/malformed(_:)``.
final class PostgresRows {
    private let result: OpaquePointer

    /// How many rows there are.
    let count: Int
    /// How many columns there are.
    let columns: Int

    /// Takes over a result.
    init(_ result: OpaquePointer) {
        self.result = result
        count = Int(postbox_pq_ntuples(result))
        columns = Int(postbox_pq_nfields(result))
    }

    deinit {
        postbox_pq_clear(result)
    }

    /// The bytes of a value, valid as long as these rows; nil for NULL.
    func bytes(_ row: Int, _ column: Int) throws(PostgresError) -> UnsafeRawBufferPointer? {
        guard row < count, column < columns else { throw .malformed("row \(row), column \(column) is missing") }
        let (row, column) = (Int32(row), Int32(column))
        if postbox_pq_getisnull(result, row, column) != 0 { return nil }
        let length = Int(postbox_pq_getlength(result, row, column))
        return UnsafeRawBufferPointer(start: postbox_pq_getvalue(result, row, column), count: length)
    }

    /// A text; nil for NULL.
    func text(_ row: Int, _ column: Int) throws(PostgresError) -> String? {
        try bytes(row, column).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A bigint; nil for NULL.
    func int8(_ row: Int, _ column: Int) throws(PostgresError) -> Int64? {
        try number(row, column)
    }

    /// An integer; nil for NULL.
    func int4(_ row: Int, _ column: Int) throws(PostgresError) -> Int32? {
        try number(row, column)
    }

    /// A boolean; nil for NULL.
    func bool(_ row: Int, _ column: Int) throws(PostgresError) -> Bool? {
        guard let bytes = try bytes(row, column) else { return nil }
        guard bytes.count == 1 else { throw .malformed("a boolean of \(bytes.count) bytes") }
        return bytes[0] != 0
    }

    /// A value that is never NULL.
    func required<Value>(_ value: Value?, _ column: Int) throws(PostgresError) -> Value {
        guard let value else { throw .malformed("column \(column) is NULL") }
        return value
    }

    private func number<Number: FixedWidthInteger>(_ row: Int, _ column: Int) throws(PostgresError) -> Number? {
        try bytes(row, column).map { bytes throws(PostgresError) in try PostgresArray.number(bytes) }
    }

    /// The bigints of an array without NULL; empty for NULL.
    func int8Array(_ row: Int, _ column: Int) throws(PostgresError) -> [Int64] {
        try numbers(row, column)
    }

    /// The integers of an array without NULL; empty for NULL.
    func int4Array(_ row: Int, _ column: Int) throws(PostgresError) -> [Int32] {
        try numbers(row, column)
    }

    private func numbers<Number: FixedWidthInteger>(_ row: Int, _ column: Int) throws(PostgresError) -> [Number] {
        guard let bytes = try bytes(row, column) else { return [] }
        var array = try PostgresArray(bytes)
        var numbers: [Number] = []
        numbers.reserveCapacity(array.count)
        while let element = try array.next() {
            guard let element = element.bytes else { throw .malformed("an array of numbers contains NULL") }
            numbers.append(try PostgresArray.number(element))
        }
        return numbers
    }

    /// The texts of an array; empty for NULL.
    func textArray(_ row: Int, _ column: Int) throws(PostgresError) -> [String?] {
        guard let bytes = try bytes(row, column) else { return [] }
        var array = try PostgresArray(bytes)
        var texts: [String?] = []
        texts.reserveCapacity(array.count)
        while let element = try array.next() {
            texts.append(element.bytes.map { String(decoding: $0, as: UTF8.self) })
        }
        return texts
    }
}

extension PostgresRows {
    /// A text that is never NULL.
    func requiredText(_ row: Int, _ column: Int) throws(PostgresError) -> String {
        try required(text(row, column), column)
    }

    /// A bigint that is never NULL.
    func requiredInt8(_ row: Int, _ column: Int) throws(PostgresError) -> Int64 {
        try required(int8(row, column), column)
    }

    /// An integer that is never NULL.
    func requiredInt4(_ row: Int, _ column: Int) throws(PostgresError) -> Int32 {
        try required(int4(row, column), column)
    }

    /// A boolean that is never NULL.
    func requiredBool(_ row: Int, _ column: Int) throws(PostgresError) -> Bool {
        try required(bool(row, column), column)
    }

    /// The bytes of a value that is never NULL, valid as long as these rows.
    func requiredBytes(_ row: Int, _ column: Int) throws(PostgresError) -> UnsafeRawBufferPointer {
        try required(bytes(row, column), column)
    }
}
