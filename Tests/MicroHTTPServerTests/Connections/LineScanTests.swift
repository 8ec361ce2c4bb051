import CMicroHTTPD
import Testing

@Suite("The scan for the end of a line")
struct LineScanTests {
    @Test("The scan finds the first low byte wherever it is, in lines of every length")
    func everyPlace() {
        for length in 0...100 {
            var line = [UInt8](repeating: UInt8(ascii: "a"), count: length)
            #expect(first_at_most(line, length, 0x1F, true) == length)
            for place in line.indices {
                line[place] = 0x0D
                // Another one behind it must not be found first.
                line[length - 1] = 0x0A
                #expect(first_at_most(line, length, 0x1F, true) == place, "\(place) of \(length)")
                line[length - 1] = UInt8(ascii: "a")
                line[place] = UInt8(ascii: "a")
            }
        }
    }

    @Test("The scan passes over tabs where they are allowed, also several in a row and the last byte")
    func tabs() {
        for length in 1...70 {
            for place in 0..<length {
                var line = [UInt8](repeating: 0xC3, count: length)
                line[place] = 0x09
                line[length - 1] = 0x09
                #expect(first_at_most(line, length, 0x1F, true) == length)
                #expect(first_at_most(line, length, 0x1F, false) == place)
                line[place] = 0x00
                #expect(first_at_most(line, length, 0x1F, true) == place)
            }
        }
    }
}
