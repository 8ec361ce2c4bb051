/// Writes labels of host names in ASCII (RFC 3492).
enum Punycode {
    private static let (base, least, most, skew, damp) = (36, 1, 26, 38, 700)
    private static let (firstBias, firstCodePoint) = (72, 128)

    /// A label as it stands in an ASCII host name, with its `xn--`; a label of ASCII stays as it is.
    static func label(_ text: some StringProtocol) -> String {
        let points = text.unicodeScalars.map { Int($0.value) }
        guard points.contains(where: { $0 >= firstCodePoint }) else { return String(text) }
        return "xn--" + String(decoding: encode(points), as: UTF8.self)
    }

    /// The encoding of RFC 3492, section 6.3. Code points are below 2^21 and a label is short, so nothing can overflow.
    private static func encode(_ points: [Int]) -> [UInt8] {
        var output = points.filter { $0 < firstCodePoint }.map { UInt8($0) }
        let basic = output.count
        if basic > 0 { output.append(UInt8(ascii: "-")) }
        var (next, delta, bias, handled) = (firstCodePoint, 0, firstBias, basic)
        while let smallest = points.filter({ $0 >= next }).min() {
            delta += (smallest - next) * (handled + 1)
            next = smallest
            for point in points {
                if point < next { delta += 1 }
                guard point == next else { continue }
                append(delta, bias, to: &output)
                bias = adapted(delta, handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            next += 1
        }
        return output
    }

    /// Appends a number of variable length.
    private static func append(_ delta: Int, _ bias: Int, to output: inout [UInt8]) {
        var (rest, position) = (delta, base)
        while true {
            let threshold = min(max(position - bias, least), most)
            guard rest >= threshold else { break }
            output.append(digit(threshold + (rest - threshold) % (base - threshold)))
            rest = (rest - threshold) / (base - threshold)
            position += base
        }
        output.append(digit(rest))
    }

    private static func adapted(_ delta: Int, _ count: Int, isFirst: Bool) -> Int {
        var (delta, position) = (isFirst ? delta / damp : delta / 2, 0)
        delta += delta / count
        while delta > (base - least) * most / 2 {
            delta /= base - least
            position += base
        }
        return position + (base - least + 1) * delta / (delta + skew)
    }

    private static func digit(_ value: Int) -> UInt8 {
        UInt8(value < 26 ? Int(UInt8(ascii: "a")) + value : Int(UInt8(ascii: "0")) + value - 26)
    }
}
