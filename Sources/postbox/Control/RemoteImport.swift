/// Why a line of an import is of no use, and which one.
struct ImportRefusal: Error, Equatable {
    /// The number of the line in its file, from 1.
    let line: Int
    /// A sentence.
    let text: String
}

extension RemoteOperator {
    /// The most lines of a batch: the server answers each, so that there is progress to report.
    private static let linesAtOnce = 500
    /// From how many bytes on a batch is sent.
    private static let bytesAtOnce = 256 << 10

    /// Imports the lines of a file in batches. What is stored stays, whatever becomes of the rest.
    ///
    /// - Parameters:
    ///   - next: returns the next line and its number in the file, nil after the last.
    ///   - progress: called after each batch with the number of lines that are stored.
    /// - Returns: what that added.
    /// - Throws: ``ImportRefusal``, ``MessagingError`` as other commands do, or what `next` throws.
    func importLines(
        _ next: () throws -> (bytes: [UInt8], number: Int)?, progress: (Int) -> Void
    ) throws -> ControlImported {
        var (lines, numbers, stored, size) = ([[UInt8]](), [Int](), 0, 0)
        func send() throws {
            guard !lines.isEmpty else { return }
            try self.send(lines, numbers)
            stored += lines.count
            (lines, numbers, size) = ([], [], 0)
            progress(stored)
        }
        while let (bytes, number) = try next() {
            guard bytes.count <= LineBuffer.longestLine else {
                try send()
                throw ImportRefusal(
                    line: number,
                    text: "the line is longer than \(LineBuffer.longestLine) bytes; stop the server to import it")
            }
            if size + bytes.count > Self.bytesAtOnce || lines.count == Self.linesAtOnce { try send() }
            lines.append(bytes)
            numbers.append(number)
            size += bytes.count
        }
        try send()
        guard case .imported(let done) = try ask(.finishImport) else { throw Self.unexpected }
        return done
    }

    private func send(_ lines: [[UInt8]], _ numbers: [Int]) throws {
        do {
            guard case .imported = try request(.importLines(count: lines.count), lines) else { throw Self.unexpected }
        } catch let refusal as ControlRefusal {
            if refusal.reason == .badLine, let line = refusal.line, numbers.indices.contains(line - 1) {
                throw ImportRefusal(line: numbers[line - 1], text: refusal.text)
            }
            throw refusal.messagingError
        }
    }
}
