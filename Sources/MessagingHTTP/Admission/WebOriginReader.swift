import Messaging

/// Reads a text as an origin, leniently, so that what differs from the form that browsers send can be named with that form.
struct WebOriginReader {
    /// What an origin is made of, each part in the form in which it is sent.
    struct Parts: Sendable, Equatable {
        let scheme: String
        /// A name or an address, an IPv6 address in its brackets.
        let host: String
        /// Nil where it is not sent.
        let port: UInt16?

        /// Whether the host follows the rules of host names on the web; hosts of other schemes are whatever an app calls itself.
        var isOfWeb: Bool { WebOriginReader.defaultPorts[scheme] != nil }

        var text: String { "\(scheme)://\(host)" + (port.map { ":\($0)" } ?? "") }
    }

    private static let defaultPorts: [String: UInt16] = ["http": 80, "https": 443]

    private let text: String
    /// The first thing in which the text differs from the form that is sent.
    private(set) var deviation: String?

    init(_ text: String) {
        self.text = text
    }

    /// Notes that the text differs from the form that is sent.
    mutating func note(_ deviation: String) {
        if self.deviation == nil { self.deviation = deviation }
    }

    /// What stops the reading.
    func fault(_ reason: String, correction: String? = nil) -> WebOriginFault {
        WebOriginFault(text, reason, correction: correction)
    }

    /// - Throws: where it cannot be told what is meant.
    mutating func read() throws(WebOriginFault) -> Parts {
        let trimmed = trimmed
        guard !trimmed.isEmpty else { throw fault("it is empty") }
        guard trimmed != "null" else {
            throw fault("null comes from files and from sandboxed frames of every site, so that it stands for anybody")
        }
        guard !trimmed.contains(",") else { throw fault("it is several; give the option once for each") }
        guard let mark = trimmed.firstRange(of: "://") else { throw withoutScheme(trimmed) }
        let scheme = try readScheme(trimmed[..<mark.lowerBound])
        let (host, digits) = try split(authority(of: trimmed[mark.upperBound...]))
        let isOfWeb = Self.defaultPorts[scheme] != nil
        let name = isOfWeb ? try readHost(host) : try readAppName(host)
        let port = try digits.isEmpty ? nil : readPort(digits.dropFirst(), of: scheme)
        if trimmed != text { note("it has blanks around it") }
        return Parts(scheme: scheme, host: name, port: port)
    }

    private var trimmed: String {
        let start = text.drop(while: \.isWhitespace)
        return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
    }

    private func withoutScheme(_ text: String) -> WebOriginFault {
        if text.contains("*") { return noHost(text[...]) }
        for scheme in text.contains("/") ? [] : ["http", "https"] {
            var reader = WebOriginReader("\(scheme)://\(text)")
            guard let parts = try? reader.read() else { break }
            // Without TLS a page is as a rule one under development.
            guard scheme == "https" || Authority(Array(parts.host.utf8)[...])?.isLoopback == true else { continue }
            return fault("it lacks the scheme", correction: parts.text)
        }
        return fault("it does not begin like https://")
    }

    private mutating func readScheme(_ text: some StringProtocol) throws(WebOriginFault) -> String {
        let scheme = text.lowercased()
        let isScheme = scheme.utf8.enumerated().allSatisfy { place, byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || place > 0 && "0123456789+-.".utf8.contains(byte)
        }
        guard isScheme, !scheme.isEmpty else { throw fault("it does not begin with a scheme such as https") }
        if scheme != text { note("the scheme is in lower case") }
        switch scheme {
        case "ws", "wss":
            note("a page has the scheme http or https, also where it uses a WebSocket")
            return scheme == "ws" ? "http" : "https"
        case "file": throw fault("pages that are files have the origin null, which stands for anybody")
        case "about", "blob", "data", "ftp", "javascript": throw fault("no page has the scheme \(scheme)")
        case "http", "https": return scheme
        default:
            // An app may have any scheme, but one like this is a slip.
            guard !scheme.hasPrefix("ht") else { throw fault("the scheme is neither http nor https") }
            return scheme
        }
    }

    /// The part with host and port.
    private mutating func authority(of rest: Substring) -> Substring {
        let authority = rest.prefix { !"/\\?#".contains($0) }
        if authority.endIndex != rest.endIndex { note("an origin ends before the path") }
        guard let at = authority.lastIndex(of: "@") else { return authority }
        note("an origin names no user")
        return authority[authority.index(after: at)...]
    }

    /// The host, and the port with its colon.
    private func split(_ authority: Substring) throws(WebOriginFault) -> (Substring, Substring) {
        var colon = authority.firstIndex(of: ":") ?? authority.endIndex
        if authority.first == "[" {
            guard let bracket = authority.firstIndex(of: "]") else { throw fault("a bracket is not closed") }
            colon = authority.index(after: bracket)
            guard colon == authority.endIndex || authority[colon] == ":" else {
                throw fault("there is something between the address and the port")
            }
        } else if authority[colon...].dropFirst().contains(":") {
            throw fault("an IPv6 address stands in brackets, as in http://[::1]:4200")
        }
        return (authority[..<colon], authority[colon...])
    }

    private mutating func readPort(_ digits: Substring, of scheme: String) throws(WebOriginFault) -> UInt16? {
        guard !digits.isEmpty else {
            note("the port is missing")
            return nil
        }
        let significant = digits.drop { $0 == "0" }
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(significant)
        else { throw fault("a port is a number from 1 to 65535") }
        if port == Self.defaultPorts[scheme] {
            note("browsers leave out port \(port) behind \(scheme)")
            return nil
        }
        if significant != digits { note("a port does not begin with 0") }
        return port
    }

    /// A host that is no web server's but what an app calls itself, such as `localhost` or the id of an extension.
    private func readAppName(_ host: Substring) throws(WebOriginFault) -> String {
        let isName = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isName, !host.isEmpty, host.utf8.count <= Self.longestHost else { throw noHost(host) }
        return String(host)
    }
}
