import Testing

@testable import MessagingHTTP

@Suite("Base64 with the alphabet for URLs")
struct Base64URLTests {
    private func decode(_ text: String) -> [UInt8]? { Base64URL.decode(Array(text.utf8)[...]) }

    @Test("Base64url that an encoder wrote is decoded")
    func roundTrip() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count &* 101) }
            #expect(decode(TokenMint.base64(bytes)) == bytes)
            #expect(String(decoding: Base64URL.encode(bytes), as: UTF8.self) == TokenMint.base64(bytes))
        }
        #expect(decode("-_-_") == [0xFB, 0xFF, 0xBF])
    }

    @Test("Base64url that is not canonical is refused")
    func canonical() {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        #expect(alphabet.filter { decode("A\($0)") != nil } == "AQgw")
        #expect(alphabet.filter { decode("AA\($0)") != nil }.count == 16)
        #expect(alphabet.filter { decode("AAA\($0)") != nil }.count == 64)
    }

    @Test(
        "Base64url with padding, another alphabet, blanks or a single character is refused",
        arguments: [
            "AA==", "AAA=", "AA=", "=", "A", "AAAAA", "+/+/", "AA A", " AAAA", "AAAA ", "AAAA\n", "AA\r\nAA",
            "AA\u{0}A",
            "AAé", "AAA.", "A*AA", "ＡＡＡＡ",
        ])
    func refused(text: String) {
        #expect(decode(text) == nil)
    }
}
