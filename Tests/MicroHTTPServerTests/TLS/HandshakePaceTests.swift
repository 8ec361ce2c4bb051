import Testing

@testable import MicroHTTPServer

@Suite("The pace of handshakes")
struct HandshakePaceTests {
    @Test("While bytes move, a handshake gets the turns that the library asks for")
    func busy() {
        var pace = HandshakePace()
        for turn in 1...100 { #expect(pace.wait(0, traffic: turn) == 0) }
    }

    @Test("A handshake waits as long as the library is ready to")
    func idle() {
        var pace = HandshakePace()
        for _ in 1...100 { #expect(pace.wait(500, traffic: 7) == 500) }
    }

    @Test("Turns of a handshake in which nothing moves grow rare, but never rarer than 15 a second")
    func quiet() {
        var pace = HandshakePace()
        let waits = (1...1000).map { _ in pace.wait(0, traffic: 0) }
        #expect(waits.prefix(8).allSatisfy { $0 == 0 })
        #expect(waits[8...16] == [1, 2, 4, 8, 16, 32, 64, 64, 64])
        #expect(waits.suffix(900).allSatisfy { $0 == 64 })
    }

    @Test("The first byte ends the pause between turns of a handshake")
    func again() {
        var pace = HandshakePace()
        for _ in 1...20 { _ = pace.wait(0, traffic: 5) }
        for _ in 1...8 { #expect(pace.wait(0, traffic: 6) == 0) }
    }
}
