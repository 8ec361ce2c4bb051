import Testing

@testable import SQLiteStore

@Suite("The unused bytes of a page")
struct PageGapsTests {
    /// A page of 512 bytes with a header of a B-tree page at its beginning.
    private func page(
        _ type: UInt8, cells: Int, contentStart: Int, freeBlock: Int = 0, _ change: (inout [UInt8]) -> Void = { _ in }
    ) -> [UInt8] {
        var page = [UInt8](repeating: 0xAA, count: 512)
        func set(_ number: Int, at offset: Int) {
            (page[offset], page[offset + 1]) = (UInt8(number >> 8), UInt8(number & 0xFF))
        }
        page[0] = type
        set(freeBlock, at: 1)
        set(cells, at: 3)
        set(contentStart, at: 5)
        change(&page)
        return page
    }

    private func ranges(_ page: [UInt8], isFirst: Bool = false, usable: Int = 512) -> [Range<Int>] {
        page.withUnsafeBytes { PageGaps($0, isFirst: isFirst, usable: usable).ranges }
    }

    @Test("Between the pointers to the rows and the rows", arguments: [(2, 12), (5, 12), (10, 8), (13, 8)])
    func gap(type: UInt8, header: Int) {
        #expect(ranges(page(type, cells: 3, contentStart: 400)) == [header + 6..<400])
        #expect(ranges(page(type, cells: 0, contentStart: 512)) == [header..<512])
        #expect(ranges(page(type, cells: 10, contentStart: header + 20)) == [])
    }

    @Test("In free blocks, but for the four bytes that say where the next one is and how large this one is")
    func freeBlocks() {
        let page = page(13, cells: 1, contentStart: 300, freeBlock: 320) { page in
            page.replaceSubrange(320..<324, with: [0x01, 0x90, 0, 20])
            page.replaceSubrange(400..<404, with: [0, 0, 0, 4])
        }
        #expect(ranges(page) == [10..<300, 324..<340])
    }

    @Test("The first page begins behind the header of the database")
    func first() {
        var first = [UInt8](repeating: 0, count: 512)
        first.replaceSubrange(100..<108, with: [13, 0, 0, 0, 2, 0x01, 0x90, 0])
        #expect(ranges(first, isFirst: true) == [112..<400])
    }

    @Test("A page of another kind, or one that is not as it should be, has none")
    func others() {
        for type in [UInt8(0), 1, 3, 14, 0xFF] { #expect(ranges(page(type, cells: 3, contentStart: 400)) == []) }
        #expect(ranges(page(13, cells: 200, contentStart: 400)) == [], "the pointers overlap the rows")
        #expect(ranges(page(13, cells: 3, contentStart: 513)) == [], "the rows begin behind the page")
        #expect(ranges(page(13, cells: 3, contentStart: 400), usable: 399) == [])
        #expect(ranges(page(13, cells: 3, contentStart: 0)) == [], "65,536, which is behind this page")
        let backwards = page(13, cells: 1, contentStart: 300, freeBlock: 320) { page in
            page.replaceSubrange(320..<324, with: [0x01, 0x40, 0, 20])
        }
        #expect(ranges(backwards) == [], "a block that is before itself")
        let tooLong = page(13, cells: 1, contentStart: 300, freeBlock: 508) { page in
            page.replaceSubrange(508..<512, with: [0, 0, 0, 5])
        }
        #expect(ranges(tooLong) == [])
        #expect(ranges([13, 0]) == [])
    }
}
