/// Writes a cursor without the temporary strings of an interpolation: there are two or three in every answer to a poll.
struct CursorText {
    /// The longest cursor, in bytes: an epoch, a view, and four numbers, with what is between them.
    static let maximumLength = 16 + 1 + 10 + 4 * (1 + 19)

    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    /// What `write` appends, at most ``maximumLength`` bytes.
    static func make(_ write: (inout CursorText) -> Void) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumLength) { bytes in
            var text = CursorText(bytes: bytes)
            write(&text)
            return String(decoding: bytes[..<text.count], as: UTF8.self)
        }
    }

    private init(bytes: UnsafeMutableBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    mutating func append(_ epoch: Epoch) {
        epoch.text.withBytes { for byte in $0 { append(byte) } }
    }

    /// Appends a dot and so many digits of a number in ``Base32``.
    mutating func append(_ number: UInt64, digits: Int) {
        append(UInt8(ascii: "."))
        for place in (0..<digits).reversed() { append(Base32.digit(of: number &>> UInt64(5 * place))) }
    }

    /// Appends a dot and a number from 0 in decimal digits.
    mutating func append(_ number: Int64) {
        append(UInt8(ascii: "."))
        var (rest, digits) = (UInt64(bitPattern: number), 1)
        while rest > 9 { (rest, digits) = (rest / 10, digits + 1) }
        rest = UInt64(bitPattern: number)
        for place in (count..<count + digits).reversed() {
            bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += digits
    }

    private mutating func append(_ byte: UInt8) {
        bytes[count] = byte
        count += 1
    }
}
