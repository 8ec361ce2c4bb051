import CMicroHTTPD
import Glibc

/// What the lines of a head say about where the request ends, and whether they are lines of a head at all.
struct RequestFraming {
    typealias Line = UnsafeMutableBufferPointer<UInt8>

    static let cookie: StaticString = "cookie"
    /// What the last letter of a field's name becomes that the library is not to know.
    static let hidden = UInt8(ascii: "_")

    /// The declared length of the body.
    private(set) var length = 0
    private(set) var isChunked = false
    private var isOldVersion = false
    private var hosts = 0
    private var lengths = 0
    private var hasProperHost = true
    private var hasProperLength = true

    /// What is wrong with the head as a whole. Where two readers could disagree about where the body ends, requests can be
    /// smuggled past one of them (RFC 9112, section 6.3).
    var fault: RequestReader.Fault? {
        if lengths > 1 || !hasProperLength || (isChunked && isOldVersion) { return .ambiguousLength }
        // RFC 9112, section 3.2.
        return hosts > 1 || (hosts == 0 && !isOldVersion) || !hasProperHost ? .invalidHost : nil
    }

    /// Takes the request line; false where it is none (RFC 9112, section 3).
    mutating func begin(_ line: Line) -> Bool {
        guard let start = line.baseAddress else { return false }
        let method = token_length(start, line.count)
        guard method > 0, method < line.count, start[method] == 0x20 else { return false }
        let target = start + method + 1
        let rest = line.count - method - 1
        let size = first_at_most(target, rest, 0x20)
        // The version is 8 bytes, such as HTTP/1.1; which one it is, the library sees.
        guard size > 0, rest - size == 9, target[size] == 0x20, memchr(target, 0x09, rest) == nil else {
            // The library would send the client to another address.
            for place in line.indices.dropFirst(method + 1).dropLast(9) where line[place] == 0x20 || line[place] == 0x09
            {
                line[place] = Self.hidden
            }
            return false
        }
        isOldVersion = target[rest - 1] == UInt8(ascii: "0")
        return true
    }

    /// Takes a field line; false where it is none (RFC 9112, sections 5.1 and 5.2: no blank before the colon, no folded line).
    mutating func add(_ line: Line) -> Bool {
        guard let start = line.baseAddress else { return false }
        let name = token_length(start, line.count)
        guard name > 0, name < line.count, start[name] == UInt8(ascii: ":") else { return false }
        let letter = start[0] | 0x20
        switch name {
        case 4 where letter == UInt8(ascii: "h") && Self.isName(start, "host"):
            hosts += 1
            if !Self.isHost(Self.value(line, after: name)) { hasProperHost = false }
        case 6 where letter == UInt8(ascii: "c") && Self.isName(start, Self.cookie):
            start[name - 1] = Self.hidden
        case 14 where letter == UInt8(ascii: "c") && Self.isName(start, "content-length"):
            lengths += 1
            if let length = Int(decimal: Self.value(line, after: name)) {
                self.length = length
            } else {
                hasProperLength = false
                // The library would answer beside us.
                start[name - 1] = Self.hidden
            }
        case 17 where letter == UInt8(ascii: "t") && Self.isName(start, "transfer-encoding"):
            lengths += 1
            isChunked = true
            // For any other the library waits for a body that ends with the connection.
            if !Self.value(line, after: name).isName("chunked") {
                hasProperLength = false
                start[name - 1] = Self.hidden
            }
        default: break
        }
        return true
    }

    /// Whether this is a line with a name and a colon behind it.
    static func isField(_ line: Line) -> Bool {
        guard let start = line.baseAddress else { return false }
        let name = token_length(start, line.count)
        return name > 0 && name < line.count && start[name] == UInt8(ascii: ":")
    }

    /// The size in the line before a chunk, which may be followed by extensions (RFC 9112, section 7.1); nil where there is none.
    static func chunkSize(_ line: Line) -> Int? {
        var size = 0
        for (place, byte) in line.enumerated() {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            case UInt8(ascii: ";") where place > 0: return size
            default: return nil
            }
            guard size >> 56 == 0 else { return nil }
            size = size << 4 | Int(digit)
        }
        return line.isEmpty ? nil : size
    }

    /// Whether this is a host, with or without a port (RFC 9110, section 7.2; RFC 3986, section 3.2.2). A comma, which that allows, would
    /// be two fields in one.
    static func isHost(_ value: UnsafeRawBufferPointer) -> Bool {
        let colon: Int
        if value.first == UInt8(ascii: "[") {
            guard let end = value.firstIndex(of: UInt8(ascii: "]")), end > 1 else { return false }
            guard value[1..<end].allSatisfy({ mayStandInHost($0) || $0 == UInt8(ascii: ":") }) else { return false }
            colon = end + 1
        } else {
            colon = value.firstIndex { !mayStandInHost($0) } ?? value.count
            guard colon > 0 else { return false }
        }
        guard colon < value.count else { return true }
        guard value[colon] == UInt8(ascii: ":") else { return false }
        let port = UnsafeRawBufferPointer(rebasing: value[(colon + 1)...])
        return port.isEmpty || Int(decimal: port).map { $0 < 65_536 } ?? false
    }

    private static func mayStandInHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "%"), UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: ";"), UInt8(ascii: "="):
            true
        default: false
        }
    }

    private static func isName(_ start: UnsafeMutablePointer<UInt8>, _ name: StaticString) -> Bool {
        UnsafeRawBufferPointer(start: start, count: name.utf8CodeUnitCount).isName(name)
    }

    /// What stands behind the colon, without the blanks around it.
    private static func value(_ line: Line, after name: Int) -> UnsafeRawBufferPointer {
        var start = name + 1
        while start < line.count, line[start] == 0x20 || line[start] == 0x09 { start += 1 }
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(line)[start...]).trimmingEnd()
    }
}

extension Int {
    /// A number of plain digits, all of it; nil for anything else, and where it does not fit.
    init?(decimal text: UnsafeRawBufferPointer) {
        guard !text.isEmpty else { return nil }
        var number = 0
        for byte in text {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (tens, first) = number.multipliedReportingOverflow(by: 10)
            let (sum, second) = tens.addingReportingOverflow(Int(byte - 0x30))
            guard !first, !second else { return nil }
            number = sum
        }
        self = number
    }
}
