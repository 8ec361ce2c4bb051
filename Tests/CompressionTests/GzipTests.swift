import Compression
import TestSupport
import Testing

@Suite("Compression with gzip")
struct GzipTests {
    /// Texts that look like entries of a list: keys that repeat, and words that do not.
    private func entry(_ seed: UInt64, about secret: String = "") -> [UInt8] {
        var generator = Generator(seed: seed)
        let words = (0..<60).map { _ in String(generator.next() % 100_000, radix: 36) }
        return Array(
            "{\"conversationId\":\"c\(seed)\",\"content\":\"\(secret) \(words.joined(separator: " "))\"}".utf8)
    }

    private func joined(_ entries: [[UInt8]]) -> (bytes: [UInt8], boundaries: [Int]) {
        var (bytes, boundaries): ([UInt8], [Int]) = ([], [])
        for entry in entries {
            if !bytes.isEmpty { boundaries.append(bytes.count) }
            bytes += entry
        }
        return (bytes, boundaries)
    }

    @Test("What is compressed comes back, with and without boundaries, whatever its size")
    func comesBack() {
        for count in [0, 1, 2, 40, 400] {
            let (bytes, boundaries) = joined((0..<count).map { entry(UInt64($0)) })
            for boundaries in [[], boundaries, [0], [bytes.count], [0, 0, bytes.count / 2, bytes.count / 2]] {
                for effort in [Gzip.Effort.fast, .thorough] {
                    #expect(Gzip.compress(bytes, apartAt: boundaries, effort: effort).flatMap(gunzip) == bytes)
                }
            }
        }
        var generator = Generator(seed: 1)
        let noise = (0..<300_000).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        #expect(Gzip.compress(noise, apartAt: Array(stride(from: 100, to: 300_000, by: 100))).flatMap(gunzip) == noise)
    }

    @Test("The same bytes are compressed to the same bytes, so that HEAD can tell their size")
    func repeatable() {
        let (bytes, boundaries) = joined((0..<20).map { entry($0) })
        #expect(Gzip.compress(bytes, apartAt: boundaries) == Gzip.compress(bytes, apartAt: boundaries))
    }

    @Test("The size does not depend on whether a text of one part comes in another")
    func partsAreIndependent() throws {
        let (secret, guess) = ("the offer is 87,500 a year", "x7Qw zz81 Kjh2 88 ppq 012J")
        func size(_ first: String, _ second: String, apart: Bool) throws -> Int {
            let (bytes, boundaries) = joined([
                entry(1), entry(2, about: first), entry(3), entry(4, about: second), entry(5),
            ])
            return try #require(Gzip.compress(bytes, apartAt: apart ? boundaries : [])).count
        }
        func part(_ text: String) throws -> Int {
            let (bytes, boundaries) = joined([entry(4, about: text), entry(5)])
            return try #require(Gzip.compress(bytes, apartAt: boundaries)).count
        }
        // What is compressed together shows it.
        let together = try (same: size(secret, secret, apart: false), other: size(secret, guess, apart: false))
        #expect(together.same < together.other - 10)
        // The two texts may take different sizes by themselves.
        let apart = try (same: size(secret, secret, apart: true), other: size(secret, guess, apart: true))
        #expect(try apart.same - apart.other == part(secret) - part(guess))
    }

    @Test("The size of the whole is the sum of what its parts take, wherever they are")
    func partsAreAdditive() throws {
        func size(_ entries: [[UInt8]]) throws -> Int {
            let (bytes, boundaries) = joined(entries)
            return try #require(Gzip.compress(bytes, apartAt: boundaries + [bytes.count])).count
        }
        let empty = try #require(Gzip.compress([])).count
        var sum = empty
        let entries = (0..<30).map { entry($0 % 7) }
        for entry in entries { sum += try size([entry]) - empty }
        #expect(try size(entries) == sum)
        #expect(try size(entries.reversed()) == sum)
    }
}
