import Glibc
import StoreWork

/// Overwrites the bytes of a database file that hold nothing, a part of the file at a time.
///
/// While it works, the write-ahead log must be empty, nothing may write, and the writing connection must have no page cached: what it
/// cached before would be written back later. Connections that read may go on, because they never look at these bytes, and a crash in the
/// middle leaves the same database.
struct FileScrub {
    /// How many pages are read at once.
    private static let pagesAtOnce = 64

    private let pageSize: Int
    private let usable: Int
    private let pages: Int
    /// The next page, from 0.
    private var page = 0

    /// Begins with the first page; nil where the file is no database, or one whose pages cannot be told apart: it is too large, or has
    /// pages that say where others are moved (`PRAGMA auto_vacuum`, which Postbox does not use).
    ///
    /// - Parameter descriptor: the file.
    init?(_ descriptor: Int32) {
        var header = [UInt8](repeating: 0, count: DatabaseHeader.length)
        guard pread(descriptor, &header, header.count, 0) == header.count,
            case .database = DatabaseHeader(header)
        else { return nil }
        pageSize = DatabaseHeader.pageSize(header)
        usable = pageSize - Int(header[20])
        pages = DatabaseHeader.size(header) / max(pageSize, 1)
        let movesPages = header[52..<56].contains { $0 != 0 }
        guard pageSize >= 512, pages < PageGaps.mostPages, !movesPages else { return nil }
    }

    /// Whether the end of the file, as it was in the beginning, is reached. Pages that were added since hold no copies of earlier ones.
    var isDone: Bool { page >= pages }

    /// Goes on for about so long.
    ///
    /// - Throws: ``StoreFailure``; what is overwritten stays so.
    mutating func run(_ descriptor: Int32, until end: ContinuousClock.Instant) throws(StoreFailure) {
        var block = [UInt8](repeating: 0, count: Self.pagesAtOnce * pageSize)
        repeat {
            let wanted = min(Self.pagesAtOnce, pages - page) * pageSize
            let count = pread(descriptor, &block, wanted, off_t(page * pageSize))
            guard count == wanted else { throw Self.failure("read") }
            for place in 0..<count / pageSize {
                try scrub(block[place * pageSize..<(place + 1) * pageSize], number: page + place, descriptor)
            }
            page += count / pageSize
        } while !isDone && .now < end
    }

    private func scrub(_ bytes: ArraySlice<UInt8>, number: Int, _ descriptor: Int32) throws(StoreFailure) {
        let gaps = bytes.withUnsafeBytes { page in
            PageGaps(page, isFirst: number == 0, usable: usable).ranges.filter { gap in
                page[gap].contains { $0 != 0 }
            }
        }
        for gap in gaps {
            let zeros = [UInt8](repeating: 0, count: gap.count)
            guard pwrite(descriptor, zeros, zeros.count, off_t(number * pageSize + gap.lowerBound)) == zeros.count
            else { throw Self.failure("written") }
        }
    }

    private static func failure(_ verb: String) -> StoreFailure {
        StoreFailure(.ioError, "the database file cannot be \(verb): \(String(cString: strerror(errno)))")
    }
}
