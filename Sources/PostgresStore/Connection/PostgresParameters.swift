/// The parameters of one statement in PostgreSQL's binary format, in one piece of memory.
struct PostgresParameters {
    private(set) var types: [UInt32] = []
    private var bytes: [UInt8] = []
    /// Where each begins in `bytes`; nil for NULL.
    private var starts: [Int?] = []
    private var lengths: [Int32] = []

    init(_ values: [PostgresValue]) {
        types.reserveCapacity(values.count)
        for value in values { append(value) }
    }

    /// How many there are.
    var count: Int { types.count }

    /// Passes what libpq takes: pointers to the values, their lengths, and their formats, all binary.
    func withPointers<Result>(
        _ body: (
            _ values: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int32>?,
            _ formats: UnsafePointer<Int32>?
        ) -> Result
    ) -> Result {
        let formats = [Int32](repeating: 1, count: count)
        // An empty value needs a pointer too: libpq takes none for NULL.
        return (bytes.isEmpty ? [0] : bytes).withUnsafeBytes { bytes in
            let base = bytes.assumingMemoryBound(to: CChar.self).baseAddress
            let pointers = starts.map { start in start.flatMap { offset in base.map { $0 + offset } } }
            return body(pointers, lengths, formats)
        }
    }

    private mutating func append(_ value: PostgresValue) {
        types.append(value.type.rawValue)
        switch value {
        case .text(let text): append(text) { $0.append(contentsOf: $1.utf8) }
        case .int8(let number): append(number) { $0.append(number: $1) }
        case .int4(let number): append(number) { $0.append(number: $1) }
        case .bool(let flag): append(flag) { $0.append($1 ? 1 : 0) }
        case .bytes(let given): append(given) { $0.append(contentsOf: $1) }
        case .textArray(let texts): append(array: texts, of: .text) { $0.append(contentsOf: $1.utf8) }
        case .int8Array(let numbers): append(array: numbers, of: .int8) { $0.append(number: $1) }
        case .int4Array(let numbers): append(array: numbers, of: .int4) { $0.append(number: $1) }
        }
    }

    private mutating func append<Value>(_ value: Value?, _ write: (inout [UInt8], Value) -> Void) {
        guard let value else {
            starts.append(nil)
            lengths.append(0)
            return
        }
        let start = bytes.count
        starts.append(start)
        write(&bytes, value)
        lengths.append(Int32(bytes.count - start))
    }

    /// Writes the number of dimensions, whether there is a NULL, the type of the elements, the length and the lower bound of the one
    /// dimension, and each element after its length.
    private mutating func append<Element>(
        array elements: [Element?], of type: PostgresType, _ write: (inout [UInt8], Element) -> Void
    ) {
        append(elements) { bytes, elements in
            bytes.append(number: Int32(elements.isEmpty ? 0 : 1))
            bytes.append(number: Int32(elements.contains { $0 == nil } ? 1 : 0))
            bytes.append(number: type.rawValue)
            guard !elements.isEmpty else { return }
            bytes.append(number: Int32(elements.count))
            bytes.append(number: Int32(1))
            for element in elements {
                let place = bytes.count
                bytes.append(number: Int32(-1))
                guard let element else { continue }
                write(&bytes, element)
                let length = Int32(bytes.count - place - 4)
                bytes.replace(number: length, at: place)
            }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func replace(number: Int32, at place: Int) {
        withUnsafeMutableBytes { $0.storeBytes(of: number.bigEndian, toByteOffset: place, as: Int32.self) }
    }
}
