import Foundation

/// Reads a file line by line, without holding more of it than a line and a block.
final class LineReader {
    /// The number of the line given last, from 1.
    private(set) var lineNumber = 0
    private let path: String
    private let file: FileHandle
    private var buffer: [UInt8] = []
    private var start = 0
    private static let blockSize = 1 << 20

    /// Opens a file; nil where it cannot be read. `-` is standard input.
    init?(path: String) {
        let path = path == "-" ? "/dev/stdin" : path
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        self.path = path
        self.file = file
    }

    /// Whether this is the path of a file that can be read twice.
    static func isRegular(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// The next line that is not empty, and its number; nil at the end.
    ///
    /// - Throws: ``Failure`` as ``next()`` does.
    func nextLine() throws(Failure) -> (bytes: [UInt8], number: Int)? {
        while let line = try next() {
            if !line.isEmpty { return (line, lineNumber) }
        }
        return nil
    }

    /// The next line without its line break; nil at the end.
    ///
    /// - Throws: ``Failure`` where the file cannot be read on, as a folder.
    func next() throws(Failure) -> [UInt8]? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return line(upTo: end)
            }
            searched = buffer.count - start
            buffer.removeFirst(start)
            start = 0
            guard let block = try readBlock(), !block.isEmpty else {
                guard !buffer.isEmpty else { return nil }
                defer { start = buffer.count }
                return start < buffer.count ? line(upTo: buffer.count) : nil
            }
            buffer += block
        }
    }

    private func readBlock() throws(Failure) -> Data? {
        do {
            return try file.read(upToCount: Self.blockSize)
        } catch {
            throw Failure(message: "cannot read \(path)", exitCode: 66)
        }
    }

    private func line(upTo end: Int) -> [UInt8] {
        lineNumber += 1
        let line = buffer[start..<end]
        return Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
}
