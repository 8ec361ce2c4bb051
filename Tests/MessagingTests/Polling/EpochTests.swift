import Messaging
import Testing

@Suite("Epochs")
struct EpochTests {
    @Test(
        "An epoch has 1 to 16 characters out of a–z and 0–9",
        arguments: ["a", "0", "k3f9", "abcdefghijklmnop", "0123456789"])
    func valid(text: String) {
        #expect(Epoch(text)?.text == text)
    }

    @Test(
        "Any other text is no epoch",
        arguments: ["", "abcdefghijklmnopq", "K3f9", "k-3", "k.3", "é", "e\u{301}", " a", "a\n", "`", "{"])
    func invalid(text: String) {
        #expect(Epoch(text) == nil)
    }

    @Test("a random epoch has eight characters and can be read back", arguments: [0, 1, 35, 36, 0xFF_FFFF_FFFF, .max])
    func random(bits: UInt64) {
        let epoch = Epoch(random: bits)
        #expect(epoch.text.utf8.count == 8)
        #expect(Epoch(epoch.text) == epoch)
    }

    @Test("Other random bits make another epoch")
    func differ() {
        #expect(Set((0..<1000).map { Epoch(random: $0) }).count == 1000)
        #expect(Epoch(random: 0) != Epoch(random: 0xFF_FFFF_FFFF))
    }
}
