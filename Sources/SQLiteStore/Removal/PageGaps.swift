/// The bytes of a page of a database file that hold nothing (https://www.sqlite.org/fileformat2.html#b_tree_pages).
///
/// Where SQLite moves rows from one page to another, copies of them stay behind in such bytes; `PRAGMA secure_delete` does not overwrite
/// those.
struct PageGaps: Equatable {
    /// From this many pages on, the first byte of a page that is no B-tree page can be like that of one: it is the most significant byte of
    /// the number of another page.
    static let mostPages = 0x0200_0000

    /// The ranges, as offsets in the page; empty for a page that is not one of a B-tree, or not as it should be.
    let ranges: [Range<Int>]

    /// Looks at a page.
    ///
    /// - Parameters:
    ///   - page: all its bytes.
    ///   - isFirst: whether it is the first page of the file, which begins with the header of the database.
    ///   - usable: how many bytes of it SQLite uses.
    init(_ page: UnsafeRawBufferPointer, isFirst: Bool, usable: Int) {
        ranges = Self.find(page, header: isFirst ? DatabaseHeader.length : 0, usable) ?? []
    }

    private static func find(_ page: UnsafeRawBufferPointer, header: Int, _ usable: Int) -> [Range<Int>]? {
        guard usable <= page.count, header + 12 <= usable else { return nil }
        let headerSize: Int
        switch page[header] {
        case 0x02, 0x05: headerSize = 12
        case 0x0A, 0x0D: headerSize = 8
        default: return nil
        }
        func number(at offset: Int) -> Int { Int(page[offset]) << 8 | Int(page[offset + 1]) }
        let pointersEnd = header + headerSize + 2 * number(at: header + 3)
        // 65,536 does not fit into two bytes.
        let contentStart = number(at: header + 5) == 0 ? 65_536 : number(at: header + 5)
        guard pointersEnd <= contentStart, contentStart <= usable else { return nil }
        var ranges = [pointersEnd..<contentStart]
        var block = number(at: header + 1)
        var last = contentStart
        while block != 0 {
            guard block >= last, block + 4 <= usable else { return nil }
            let (next, size) = (number(at: block), number(at: block + 2))
            guard size >= 4, block + size <= usable else { return nil }
            ranges.append(block + 4..<block + size)
            (block, last) = (next, block + size)
        }
        return ranges.filter { !$0.isEmpty }
    }
}
