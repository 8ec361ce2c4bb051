import HTTP

/// The form in which a body goes out. Each form of a state has an entity tag of its own.
enum BodyForm: Sendable {
    /// As it is, for every client: it is small, or the server compresses nothing.
    case only
    /// As it is, where other clients get it compressed.
    case plain
    /// Compressed with gzip (RFC 9110, section 8.4.1.3).
    case gzip

    /// What the entity tag of this form has at its end.
    var suffix: StaticString {
        switch self {
        case .only: ""
        case .plain: "p"
        case .gzip: "z"
        }
    }
}

/// The content codings that the answer to a request may have (RFC 9110, section 12.5.3).
enum AcceptedCoding: Hashable, Sendable {
    /// None, because the server compresses nothing.
    case off
    /// None, because the client did not ask for gzip, or prefers none.
    case identity
    /// gzip, and none where the body is small.
    case gzip
    /// gzip alone: the client refuses what is not compressed.
    case gzipOnly

    /// A number of its own.
    var number: UInt64 {
        switch self {
        case .off, .identity: 0
        case .gzip: 1
        case .gzipOnly: 2
        }
    }

    /// Smaller bodies are not compressed: they fit into one packet as they are.
    static let smallest = 1024

    /// Reads `Accept-Encoding`.
    ///
    /// A client that refuses both gzip and identity gets identity, as the section allows. What cannot be read counts as not said.
    ///
    /// No initializer: that would take a copy of the request, at every idle poll.
    static func of(_ request: Request, isOn: Bool) -> AcceptedCoding {
        guard isOn else { return .off }
        guard request.fields.has(.acceptEncoding), let first = request.fields[.acceptEncoding] else { return .identity }
        var weights = Weights()
        if request.fields.count(of: .acceptEncoding) == 1 {
            weights.read(first)
        } else {
            for value in request.fields.all(.acceptEncoding) { weights.read(value) }
        }
        return weights.choice
    }

    /// Whether a body may be compressed, if it is large enough.
    var mayCompress: Bool { self == .gzip || self == .gzipOnly }

    /// The form of a body of this many bytes.
    func form(size: Int) -> BodyForm {
        switch self {
        case .off: .only
        case .identity: size < Self.smallest ? .only : .plain
        case .gzip: size < Self.smallest ? .only : .gzip
        case .gzipOnly: .gzip
        }
    }

    /// The forms that the client may hold and still use.
    var forms: [BodyForm] {
        switch self {
        case .off, .identity: [.only, .plain]
        case .gzip: [.gzip, .only]
        case .gzipOnly: [.gzip]
        }
    }
}

/// The weights of the codings that matter here, in thousandths; nil for one that is not named.
private struct Weights {
    private var gzip: Int?
    private var identity: Int?
    private var others: Int?

    var choice: AcceptedCoding {
        let gzip = gzip ?? others ?? 0
        let refusesIdentity = (identity ?? others) == 0
        // Identity that is not named may be sent, but nobody prefers it.
        guard gzip > 0, gzip >= identity ?? others ?? 0 else { return .identity }
        return refusesIdentity ? .gzipOnly : .gzip
    }

    mutating func read(_ value: ArraySlice<UInt8>) {
        value.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                var end = start
                while end < bytes.count, bytes[end] != UInt8(ascii: ",") { end += 1 }
                read(element: bytes[start..<end])
                start = end + 1
            }
        }
    }

    private mutating func read(element: Slice<UnsafeRawBufferPointer>) {
        let semicolon = element.firstIndex(of: UInt8(ascii: ";"))
        let name = element[..<(semicolon ?? element.endIndex)].withoutBlanks
        var weight = 1000
        if let semicolon {
            guard let read = Self.weight(element[(semicolon + 1)...].withoutBlanks) else { return }
            weight = read
        }
        if isName(name, "gzip") || isName(name, "x-gzip") {
            gzip = weight
        } else if isName(name, "identity") {
            identity = weight
        } else if isName(name, "*") {
            others = weight
        }
    }

    /// Reads `q=` and a number from 0 to 1 with at most three decimals (RFC 9110, section 12.4.2).
    private static func weight(_ text: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard (3...7).contains(text.count), text.first.map({ $0 | 0x20 }) == UInt8(ascii: "q"),
            text[text.startIndex + 1] == UInt8(ascii: "=")
        else { return nil }
        let number = text.dropFirst(2)
        guard let whole = number.first, whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1") else { return nil }
        var (weight, unit) = (whole == UInt8(ascii: "1") ? 1000 : 0, 100)
        for (place, digit) in number.dropFirst().enumerated() {
            if place == 0 {
                guard digit == UInt8(ascii: ".") else { return nil }
            } else {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
                weight += Int(digit - UInt8(ascii: "0")) * unit
                unit /= 10
            }
        }
        return weight <= 1000 ? weight : nil
    }

    /// Codings are named without regard to case (RFC 9110, section 8.4.1).
    private func isName(_ text: Slice<UnsafeRawBufferPointer>, _ name: StaticString) -> Bool {
        guard text.count == name.utf8CodeUnitCount else { return false }
        for place in 0..<text.count {
            let byte = text[text.startIndex + place]
            let lower = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
            guard lower == name.utf8Start[place] else { return false }
        }
        return true
    }
}
