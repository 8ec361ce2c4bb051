import Testing

@testable import postbox

@Suite("Lines of a control socket")
struct LineBufferTests {
    @Test("Lines come out as they were sent, however they are cut into blocks", arguments: [1, 2, 3, 7, 100])
    func blocks(size: Int) throws {
        let sent = Array("one\n\ntwo words\n{}\nrest".utf8)
        var buffer = LineBuffer()
        var lines: [String] = []
        for start in stride(from: 0, to: sent.count, by: size) {
            buffer.append(sent[start..<min(start + size, sent.count)])
            while let line = try buffer.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(lines == ["one", "", "two words", "{}"])
        #expect(!buffer.isEmpty)
    }

    @Test("A line of exactly the limit is taken, and one byte more is refused before its end has come")
    func limit() throws {
        var buffer = LineBuffer(limit: 8)
        buffer.append(Array("12345678".utf8))
        #expect(try buffer.next() == nil)
        buffer.append(Array("\n".utf8))
        #expect(try buffer.next() == Array("12345678".utf8))
        #expect(buffer.isEmpty)
        buffer.append(Array("123456789".utf8))
        #expect(throws: ControlError.lineTooLong) { try buffer.next() }
    }

    @Test("A line that is too long is refused also where it comes whole")
    func wholeLine() throws {
        var buffer = LineBuffer(limit: 8)
        buffer.append(Array("ok\n123456789\n".utf8))
        #expect(try buffer.next() == Array("ok".utf8))
        #expect(throws: ControlError.lineTooLong) { try buffer.next() }
    }
}
