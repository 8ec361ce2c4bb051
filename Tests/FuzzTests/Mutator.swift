import TestSupport

/// Makes new inputs out of known ones: cuts, doubles, swaps and splices bytes, and puts in what parsers trip over.
struct Mutator {
    private static let traps: [[UInt8]] =
        [
            "%", "%0", "%00", "%2F", "%25", "%C0%AF", "%ED%A0%80", "\0", "\r\n", "\n", " ", "\t", "\"", "\\", "\\u0000",
            "\\ud800", "\\udc00", "*",
            "W/", "W/\"", ",", ";", ":", ".", "..", "-", "+", "0", "-1", "9223372036854775807", "9223372036854775808",
            "18446744073709551616", "1e309",
            "1" + String(repeating: "0", count: 199) + "e-182",
            "null", "true", "{", "}", "[", "]", "{}", "[[[[[[[[", "{\"a\":", "@", "/", "?", "&", "=", "#", "é",
            "e\u{301}", "😀", "\u{FEFF}", "\u{202E}",
        ].map { Array($0.utf8) } + [
            [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE2, 0x82], [0x7F], [0x1B],
        ]

    let seeds: [[UInt8]]
    var chance: Generator

    /// The next input; never longer than `limit`.
    mutating func next(limit: Int = 4096) -> [UInt8] {
        var input = chance.pick(seeds)
        for _ in 0..<(1 + chance.below(6)) { change(&input) }
        return input.count <= limit ? input : Array(input.prefix(limit))
    }

    private mutating func change(_ input: inout [UInt8]) {
        let place = chance.below(input.count + 1)
        let end = place + chance.below(min(input.count - place, 16) + 1)
        switch chance.below(9) {
        case 0: input.insert(contentsOf: chance.pick(Self.traps), at: place)
        case 1: input.replaceSubrange(place..<end, with: chance.pick(Self.traps))
        case 2: input.removeSubrange(place..<end)
        case 3: input.insert(contentsOf: input[place..<end], at: place)
        case 4: if place < input.count { input[place] ^= 1 << UInt8(chance.below(8)) }
        case 5: if place < input.count { input[place] = UInt8(chance.below(256)) }
        case 6: input.removeSubrange(place...)
        case 7: input = Array(input.prefix(place)) + chance.pick(seeds).suffix(chance.below(40))
        default:
            let piece = Array(input[place..<end]) + chance.pick(Self.traps)
            // Enough to reach a limit on depth or length now and then.
            for _ in 0..<chance.below(chance.below(20) == 0 ? 700 : 8) { input.insert(contentsOf: piece, at: place) }
        }
    }
}
