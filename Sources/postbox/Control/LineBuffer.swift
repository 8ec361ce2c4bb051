/// Takes bytes as they come and gives them back line by line; it never holds more than a line and a block.
struct LineBuffer {
    /// The longest line, in bytes, without its line break: a message of a history with a few megabytes of content.
    static let longestLine = 4 << 20

    private let limit: Int
    private var bytes: [UInt8] = []
    private var start = 0
    /// Where the search for the end of the line goes on.
    private var searched = 0

    /// - Parameter limit: the longest line, in bytes.
    init(limit: Int = longestLine) {
        self.limit = limit
    }

    /// Whether there is a part of a line.
    var isEmpty: Bool { start == bytes.count }

    /// Adds bytes at the end.
    mutating func append(_ block: some Collection<UInt8>) {
        if start > 0 {
            bytes.removeFirst(start)
            searched -= start
            start = 0
        }
        bytes += block
    }

    /// Takes the first line, without its line break; nil where it is not complete.
    ///
    /// - Throws: ``ControlError/lineTooLong``.
    mutating func next() throws(ControlError) -> [UInt8]? {
        guard let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = bytes.count
            guard bytes.count - start <= limit else { throw .lineTooLong }
            return nil
        }
        guard end - start <= limit else { throw .lineTooLong }
        let line = Array(bytes[start..<end])
        start = end + 1
        searched = start
        return line
    }
}
