import Messaging

/// Writes JSON text (RFC 8259) straight into bytes.
public struct JSONWriter: Sendable {
    /// What has been written so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty text with room for `capacity` bytes.
    public init(capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    /// Appends text that is JSON already.
    public mutating func raw(_ text: StaticString) {
        append(atMost: text.utf8CodeUnitCount) { $0.raw(text) }
    }

    /// Appends bytes that are JSON already.
    public mutating func raw(_ text: some Collection<UInt8>) {
        bytes.append(contentsOf: text)
    }

    /// How many bytes have been written.
    var count: Int { bytes.count }

    /// Truncates the text to `count` bytes and keeps its memory.
    mutating func cut(to count: Int) {
        bytes.removeSubrange(count...)
    }

    /// Appends a whole number.
    public mutating func number(_ number: Int64) {
        append(atMost: UnsafeJSONWriter.longestNumber) { $0.number(number) }
    }

    /// Appends a string with its quotes.
    public mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { string(UnsafeRawBufferPointer($0)) }
    }

    /// Appends text in UTF-8 as a string with its quotes.
    mutating func string(_ utf8: UnsafeRawBufferPointer) {
        let text = JSONText(utf8)
        append(atMost: text.size + 2) { $0.string(text) }
    }

    /// Appends what stands between the quotes of a string.
    public mutating func stringContent(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            let text = JSONText(UnsafeRawBufferPointer(utf8))
            append(atMost: text.size) { $0.stringContent(text) }
        }
    }

    /// Appends a moment as a string.
    public mutating func timestamp(_ timestamp: Timestamp) {
        append(atMost: Timestamp.dateLength + Timestamp.timeLength + 2) { $0.timestamp(timestamp) }
    }

    /// Appends what is written at a cursor: at most `size` bytes, since there is no room for more.
    mutating func append(atMost size: Int, _ write: (inout UnsafeJSONWriter) -> Void) {
        bytes.append(addingCapacity: size) { span in
            span.withUnsafeMutableBufferPointer { memory, count in
                guard let start = UnsafeMutableRawPointer(memory.baseAddress) else { return }
                var cursor = UnsafeJSONWriter(at: start + count)
                write(&cursor)
                count = cursor.place - start
                precondition(count <= memory.count, "more was written than was said")
            }
        }
    }
}
