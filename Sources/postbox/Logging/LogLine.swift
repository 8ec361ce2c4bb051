import Logging
import Messaging
import MessagingHTTP

/// One event, as the fields of one line.
struct LogLine: Sendable {
    /// The value of a field.
    enum Value: Sendable, Equatable {
        case text(String)
        case number(Int)
        /// Seconds, written with microseconds.
        case seconds(Double)
    }

    let time: Timestamp
    let level: Logger.Level
    let message: String
    /// In the order in which they are written.
    var fields: [(name: String, value: Value)] = []

    /// The line with its line break: `TIME LEVEL MESSAGE name=value …`, or a JSON object.
    func bytes(as format: LogFormat) -> [UInt8] {
        switch format {
        case .text: text
        case .json: json
        }
    }

    private var text: [UInt8] {
        var line = JSONWriter()
        line.bare("\(time.rfc3339) \(level) ")
        line.plain(message)
        for (name, value) in fields {
            line.bare(" \(name)=")
            switch value {
            case .text(let text) where text.utf8.allSatisfy(Self.needsNoQuotes) && !text.isEmpty: line.bare(text)
            case .text(let text): line.quoted(visibly: text)
            case .number(let number): line.number(Int64(number))
            case .seconds(let seconds): line.bare(Self.decimal(seconds))
            }
        }
        line.raw("\n")
        return line.bytes
    }

    private var json: [UInt8] {
        var line = JSONWriter()
        line.raw("{\"time\":")
        line.string(time.rfc3339)
        line.raw(",\"level\":")
        line.string("\(level)")
        line.raw(",\"message\":")
        line.quoted(visibly: message)
        for (name, value) in fields {
            line.raw(",")
            line.string(name)
            line.raw(":")
            switch value {
            case .text(let text): line.quoted(visibly: text)
            case .number(let number): line.number(Int64(number))
            case .seconds(let seconds): line.bare(Self.decimal(seconds))
            }
        }
        line.raw("}\n")
        return line.bytes
    }

    private static func needsNoQuotes(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            && byte != UInt8(ascii: "=")
    }

    /// A finite number in plain digits, at least 0.
    private static func decimal(_ seconds: Double) -> String {
        let micros = Int64(min(max(seconds, 0), 1e9) * 1e6)
        let fraction = String(micros % 1_000_000)
        return "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}

extension JSONWriter {
    /// Appends text as it is.
    fileprivate mutating func bare(_ text: String) {
        raw(Array(text.utf8))
    }

    /// Appends text for people, in which nothing can end the line or steer a terminal.
    fileprivate mutating func plain(_ text: String) {
        stringContent(LogLine.visible(text))
    }

    /// Appends text with quotes, in which nothing can end the line or steer a terminal.
    fileprivate mutating func quoted(visibly text: String) {
        string(LogLine.visible(text))
    }
}

extension LogLine {
    /// The text with U+FFFD for what steers terminals besides the control characters of ASCII, which JSON escapes: DEL, C1, and
    /// the marks that turn the direction of writing.
    fileprivate static func visible(_ text: String) -> String {
        func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
            (0x7F...0x9F).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
                || (0x2066...0x2069).contains(scalar.value) || (0x2028...0x2029).contains(scalar.value)
        }
        guard text.unicodeScalars.contains(where: isInvisible) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isInvisible($0) ? "\u{FFFD}" : $0 }))
    }
}
