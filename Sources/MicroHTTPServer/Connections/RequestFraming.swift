import CMicroHTTPD
import Glibc
import HTTP

/// What the lines of a head say about where the request ends, and whether they are lines of a head at all.
struct RequestFraming {
    // What a byte may stand in, for `length_of`.
    private static let token: UInt8 = 1
    private static let host: UInt8 = 2

    static let cookie: StaticString = "cookie"
    /// Replaces the last letter of a field name to hide the field from libmicrohttpd.
    static let hidden = UInt8(ascii: "_")

    /// The header fields read so far that are handed on.
    var fields: RequestFields
    /// The fields to hand on.
    private let wanted: RequestFieldSet
    /// How many parameters the library takes out of the query, at most.
    private(set) var parameters = 0
    /// The declared length of the body.
    private(set) var length = 0
    private(set) var isChunked = false
    /// Whether the method is `HEAD`, which no body answers.
    private(set) var isHead = false
    private var isOldVersion = false
    private var hosts = 0
    private var lengths = 0
    private var hasProperHost = true
    private var hasProperLength = true

    /// - Parameter fields: none yet.
    init(handingOn wanted: RequestFieldSet, in fields: RequestFields = RequestFields()) {
        self.wanted = wanted
        self.fields = fields
    }

    /// What is wrong with the head as a whole. Where two readers could disagree about where the body ends, requests can be
    /// smuggled past one of them (RFC 9112, section 6.3).
    var fault: RequestReader.Fault? {
        if lengths > 1 || !hasProperLength || (isChunked && isOldVersion) { return .ambiguousLength }
        // RFC 9112, section 3.2.
        return hosts > 1 || (hosts == 0 && !isOldVersion) || !hasProperHost ? .invalidHost : nil
    }

    /// The most parameters of a query.
    private static let parameterLimit = 32

    /// Takes the request line (RFC 9112, section 3); answers what is wrong with it.
    mutating func begin(_ start: UnsafePointer<UInt8>, _ count: Int) -> RequestReader.Fault? {
        let method = length_of(start, count, Self.token)
        guard method > 0, method < count, start[method] == 0x20 else { return .malformedHead }
        isHead = method == 4 && memcmp(start, "HEAD", method) == 0
        let target = start + method + 1
        let rest = count - method - 1
        let size = first_at_most(target, rest, 0x20, false)
        // The version is 8 bytes, such as HTTP/1.1; which one it is, the library sees.
        guard size > 0, rest - size == 9, target[size] == 0x20 else { return .malformedHead }
        isOldVersion = target[rest - 1] == UInt8(ascii: "0")
        guard let query = memchr(target, 0x3F, size) else { return nil }
        parameters = 1
        let path = UnsafeRawPointer(query) - UnsafeRawPointer(target)
        for place in path..<size where target[place] == UInt8(ascii: "&") { parameters += 1 }
        return parameters > Self.parameterLimit ? .headTooLarge : nil
    }

    /// Takes a field line; false where it is none (RFC 9112, sections 5.1 and 5.2: no blank before the colon, no folded line).
    ///
    /// Inlined, since all lines of an idle poll come through here; the other fields have a function of their own, so that it is short.
    @inline(__always)
    mutating func add(_ start: UnsafeMutablePointer<UInt8>, _ count: Int) -> Bool {
        let name = name_length(start, count)
        guard name > 0, name < count, start[name] == UInt8(ascii: ":") else { return false }
        if let field = wanted.field(named: start, name) {
            let value = Self.value(start, count, after: name)
            if wanted.contains(field) { fields.append(field, value) }
            guard field == .host else { return true }
            hosts += 1
            if !Self.isHost(value) { hasProperHost = false }
            return true
        }
        return addOther(start, count, name)
    }

    /// Takes a line with a field that is not handed on; false where its name is no token.
    @inline(never)
    private mutating func addOther(_ start: UnsafeMutablePointer<UInt8>, _ count: Int, _ name: Int) -> Bool {
        guard length_of(start, name, Self.token) == name else { return false }
        switch name {
        case 6 where Self.isName(start, Self.cookie):
            start[name - 1] = Self.hidden
        case 14 where Self.isName(start, "content-length"):
            lengths += 1
            if !Self.isBlank(start[count - 1]), let length = Int(decimal: Self.value(start, count, after: name)) {
                self.length = length
            } else {
                hasProperLength = false
            }
        case 17 where Self.isName(start, "transfer-encoding"):
            lengths += 1
            isChunked = true
            if Self.isBlank(start[count - 1]) || !Self.value(start, count, after: name).isName("chunked") {
                hasProperLength = false
            }
        default: break
        }
        return true
    }

    /// Whether this is a line with a name and a colon behind it.
    static func isField(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        let name = length_of(start, count, token)
        return name > 0 && name < count && start[name] == UInt8(ascii: ":")
    }

    /// The size in the line before a chunk, which may be followed by extensions (RFC 9112, section 7.1); nil where there is none.
    static func chunkSize(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
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

    /// How many of these bytes may stand in a field's name, from the first on.
    static func nameLength(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int { length_of(start, count, token) }

    /// Whether this is a host, with or without a port (RFC 9110, section 7.2; RFC 3986, section 3.2.2).
    static func isHost(_ value: UnsafeRawBufferPointer) -> Bool {
        guard let start = value.baseAddress?.assumingMemoryBound(to: UInt8.self), !value.isEmpty else { return false }
        var end = length_of(start, value.count, host)
        if start[0] == UInt8(ascii: "[") {
            end = 1
            while end < value.count, character_class(start[end]) & host != 0 || start[end] == UInt8(ascii: ":") {
                end += 1
            }
            guard end > 1, end < value.count, start[end] == UInt8(ascii: "]") else { return false }
            end += 1
        }
        if end == 0 || end == value.count { return end > 0 }
        guard start[end] == UInt8(ascii: ":") else { return false }
        let port = UnsafeRawBufferPointer(rebasing: value[(end + 1)...])
        return port.isEmpty || Int(decimal: port).map { $0 < 65_536 } ?? false
    }

    /// Whether it is a blank, which the library takes for a part of the value that it stands behind.
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isName(_ start: UnsafePointer<UInt8>, _ name: StaticString) -> Bool {
        equals_name(start, name.utf8Start, name.utf8CodeUnitCount)
    }

    /// What stands behind the colon, without the blanks around it.
    private static func value(_ start: UnsafePointer<UInt8>, _ count: Int, after name: Int) -> UnsafeRawBufferPointer {
        var (first, end) = (name + 1, count)
        while first < end, isBlank(start[first]) { first += 1 }
        while end > first, isBlank(start[end - 1]) { end -= 1 }
        return UnsafeRawBufferPointer(start: start + first, count: end - first)
    }
}

extension Int {
    /// A number as the grammar of HTTP has it, `1*DIGIT`: leading zeros count for nothing (RFC 9110, section 8.6; RFC 3986, section 3.2.3).
    ///
    /// Nil for anything else, and where it does not fit.
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
