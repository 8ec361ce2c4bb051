import ArgumentParser
import Foundation

/// `postbox export`
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write everything to standard output, in the lines that import reads. A server may be running.",
        discussion: """
            What is written is one moment: people, and conversation by conversation its messages and read markers. Imported into an \
            empty database it gives the same again: the same numbers, times, keys and order of lists. Cursors of one database are not \
            good in the other. See "postbox import --help" for the lines.

            What comes out is whole only if the exit code is 0. While it is written, the server's write-ahead log grows by what is \
            written there.
            """)

    private static let blockSize = 1 << 16
    private static let linesBetweenReports = 100_000

    @OptionGroup var database: DatabaseOption

    func run() throws {
        let source = try database.openReadOnly()
        var (block, lines) = (Data(), 0)
        try Failure.translating {
            try source.export { record in
                block += try ImportLine.bytes(of: record)
                lines += 1
                if lines.isMultiple(of: Self.linesBetweenReports) { Report.line("\(lines) lines written") }
                if block.count >= Self.blockSize { try Self.write(&block) }
            }
        }
        try Self.write(&block)
    }

    private static func write(_ block: inout Data) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: block)
        } catch {
            throw Failure(message: "standard output cannot be written: \(error)", exitCode: 74)
        }
        block.removeAll(keepingCapacity: true)
    }
}
