import TestSupport
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

    @Test(
        "words are their bytes, the lowest first, and texts are their bytes and an end, wherever they begin",
        arguments: 0...24)
    func parts(length: Int) {
        for before in 0...8 {
            var (whole, single) = (SipHash(key: key), SipHash(key: key))
            let text = String("a text of bytes, é and 🙂".utf8.prefix(length)) ?? "é"
            for byte in 0..<UInt8(before) { whole.combine(byte) }
            whole.combine(text)
            whole.combine(0x05_0403_0201, bytes: 5)
            for byte in Array(0..<UInt8(before)) + Array(text.utf8) + [0xFF, 1, 2, 3, 4, 5] { single.combine(byte) }
            #expect(whole.value == single.value)
        }
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
    private func digits(_ count: Int, of number: UInt64) -> String {
        String(CursorText.make { $0.append(number, digits: count) }.dropFirst())
    }

    @Test("every number comes back from its digits", arguments: [0, 1, 31, 32, 1 << 49, 1 << 63, .max] as [UInt64])
    func roundTrip(number: UInt64) {
        let text = digits(13, of: number)
        #expect(text.utf8.count == 13)
        #expect(Base32.parse(text.utf8, digits: 13) == number)
        #expect(text.first.map { ("a"..."p").contains($0) } == true, "13 digits that hold 64 bits begin with a letter")
    }

    @Test("decimal numbers are written as Swift writes them", arguments: [0, 9, 10, 99, 100, 1 << 40, .max] as [Int64])
    func decimal(number: Int64) {
        #expect(CursorText.make { $0.append(number) } == ".\(number)")
    }

    @Test("The digits of base 32 are a to z and 2 to 7")
    func digits() {
        #expect((0..<32).map { digits(1, of: $0) }.joined() == "abcdefghijklmnopqrstuvwxyz234567")
        #expect(digits(13, of: .max) == "p777777777777")
    }

    @Test(
        "Text with other digits is no number in base 32",
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
