import Foundation
import Testing

@testable import postbox

@Suite("Lines of a file")
struct LineReaderTests {
    private func lines(of bytes: [UInt8]) throws -> [[UInt8]] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("postbox-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let reader = try #require(LineReader(path: file.path))
        var lines: [[UInt8]] = []
        while let line = try reader.next() {
            lines.append(line)
            #expect(reader.lineNumber == lines.count)
        }
        #expect(try reader.next() == nil)
        #expect(reader.lineNumber == lines.count)
        return lines
    }

    @Test(
        "a line ends at its line break, with or without a carriage return, and the last one at the end",
        arguments: [
            ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]), ("a\r\nb\r\n", ["a", "b"]), ("\n", [""]),
            ("\n\na\n\n", ["", "", "a", ""]), ("\r\n", [""]), ("a\rb\n", ["a\rb"]), ("a\r", ["a"]),
            ("a\r\r\n", ["a\r"]),
            ("\u{FEFF}é\u{2028}\n", ["\u{FEFF}é\u{2028}"]),
        ])
    func breaks(content: String, expected: [String]) throws {
        #expect(try lines(of: Array(content.utf8)) == expected.map { Array($0.utf8) })
    }

    @Test("Lines with bytes that are no text are read as they are")
    func rawBytes() throws {
        #expect(try lines(of: [0xFF, 0x00, 0x0A, 0xC3]) == [[0xFF, 0x00], [0xC3]])
    }

    @Test(
        "lines around and beyond the size of a block come whole",
        arguments: [
            [1_048_575, 3], [1_048_576, 3], [1_048_577, 0, 3], [3_000_000, 1], [700_000, 700_000, 700_000, 5],
        ])
    func longLines(lengths: [Int]) throws {
        let expected = lengths.enumerated().map { [UInt8](repeating: UInt8(ascii: "a") + UInt8($0), count: $1) }
        let joined = Array(expected.joined(separator: [0x0A]))
        // Comparing megabytes in an expectation that fails would print them.
        #expect((try lines(of: joined) == expected) == true)
        #expect((try lines(of: joined + [0x0A]) == expected) == true)
    }

    @Test("a file that is not there has no reader")
    func missing() {
        #expect(LineReader(path: "/nowhere/at/all") == nil)
    }
}
