import Testing

@testable import Messaging

@Suite("SipHash, and the permutation made of it")
struct SipHashTests {
    /// 00 01 02 … 0f, as in the paper.
    private let key = SipHash.Key(low: 0x0706_0504_0302_0100, high: 0x0F0E_0D0C_0B0A_0908)

    @Test(
        "the hashes are those of the reference implementation; the one of 15 bytes is in appendix A of the paper",
        arguments: [
            (0, 0x726F_DB47_DD0E_0E31), (1, 0x74F8_39C5_93DC_67FD), (7, 0xAB02_00F5_8B01_D137),
            (8, 0x93F5_F579_9A93_2462), (15, 0xA129_CA61_49BE_45E5), (63, 0x958A_324C_EB06_4572),
        ] as [(UInt8, UInt64)])
    func vectors(count: UInt8, expected: UInt64) {
        var hash = SipHash(key: key)
        for byte in 0..<count { hash.combine(byte) }
        #expect(hash.value == expected)
        #expect(hash.value == expected, "asking changes nothing")
    }

    @Test("numbers are their bytes, the lowest first, and texts are their bytes and an end")
    func parts() {
        var (whole, bytes) = (SipHash(key: key), SipHash(key: key))
        whole.combine(0x0403_0201 as UInt32)
        whole.combine("é")
        for byte in [1, 2, 3, 4, 0xC3, 0xA9, 0xFF] as [UInt8] { bytes.combine(byte) }
        #expect(whole.value == bytes.value)
    }

    @Test("a permutation gives each number back, and no two the same image")
    func permutation() {
        let permutation = Permutation(key: key)
        var chance = Generator(seed: 1)
        let numbers = (0..<1000).map { UInt64($0) } + [.max, .max - 1, 1 << 63] + (0..<1000).map { _ in chance.next() }
        let images = numbers.map(permutation.image)
        #expect(images.map(permutation.number(of:)) == numbers)
        #expect(Set(images).count == numbers.count)
        #expect(permutation.image(of: 1) == 0x20C5_D796_42E6_7FAA, "cursors stay good when the program is updated")
    }

    @Test(
        "images of neighbours have nothing in common: about half of all bits differ, and each of them half of the times"
    )
    func looksLikeChance() {
        let permutation = Permutation(key: key)
        var flips = [Int](repeating: 0, count: 64)
        let count = 4000
        for number in 0..<UInt64(count) {
            let difference = permutation.image(of: number) ^ permutation.image(of: number + 1)
            for bit in 0..<64 where difference >> bit & 1 == 1 { flips[bit] += 1 }
        }
        // Six standard deviations: a fair coin lands outside of them once in 500 million times.
        for flips in flips { #expect(abs(flips - count / 2) < 190) }
    }
}

@Suite("Numbers as digits")
struct Base32Tests {
    @Test("every number comes back from its digits", arguments: [0, 1, 31, 32, 1 << 49, 1 << 63, .max] as [UInt64])
    func roundTrip(number: UInt64) {
        let text = Base32.text(number, digits: 13)
        #expect(text.utf8.count == 13)
        #expect(Base32.parse(text.utf8, digits: 13) == number)
        #expect(text.first.map { ("a"..."p").contains($0) } == true, "13 digits that hold 64 bits begin with a letter")
    }

    @Test("the digits are a to z and 2 to 7")
    func digits() {
        #expect((0..<32).map { Base32.text($0, digits: 1) }.joined() == "abcdefghijklmnopqrstuvwxyz234567")
        #expect(Base32.text(.max, digits: 13) == "p777777777777")
    }

    @Test(
        "other text is no number",
        arguments: [
            "", "aaaaaaaaaaaa", "aaaaaaaaaaaaaa", "qaaaaaaaaaaaa", "Aaaaaaaaaaaaa",
            "aaaaaaaaaaaa0", "aaaaaaaaaaaa1", "aaaaaaaaaaaa8", "aaaaaa aaaaaa", "aaaaaaaaaaa\u{E9}", "7777777777777",
        ])
    func others(text: String) {
        #expect(Base32.parse(text.utf8, digits: 13) == nil)
    }
}

@Suite("Cursor keys")
struct CursorKeyTests {
    @Test("a key comes back from its 16 bytes, and from no other number of bytes")
    func bytes() {
        let key = CursorKey(random: 0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
        #expect(key.bytes == Array(0...15))
        #expect(CursorKey(bytes: key.bytes) == key)
        #expect(CursorKey(bytes: key.bytes.dropLast()) == nil)
        #expect(CursorKey(bytes: key.bytes + [0]) == nil)
        #expect(CursorKey.random() != CursorKey.random())
    }
}
