import Foundation
import Glibc

/// Hosts as the URL Standard writes them (sections 3.3 and 3.5).
extension WebOriginReader {
    /// The longest name of a host, in bytes (RFC 1035, section 2.3.4).
    static let longestHost = 253

    /// Why a host is invalid.
    func noHost(_ host: Substring) -> WebOriginFault {
        if host.isEmpty { return fault("it names no host") }
        if host.contains("*") {
            return fault("* stands for nothing within an origin; name each, or give * alone for all")
        }
        return fault("its host is no host name and no address")
    }

    /// The host of a web server in the form in which it is sent.
    mutating func readHost(_ host: Substring) throws(WebOriginFault) -> String {
        if host.first == "[" { return try readIPv6(host) }
        var name = try inASCII(host)
        let lower = name.lowercased()
        if lower != name { note("a host is in lower case") }
        name = lower
        let isFit = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || Self.isDigit(byte) || "-._".utf8.contains(byte)
        }
        // A name may end in a dot, and is another one then.
        let labels = (name.hasSuffix(".") ? name.dropLast() : name[...])
            .split(separator: ".", omittingEmptySubsequences: false)
        guard isFit, name.utf8.count <= Self.longestHost, !labels.contains(""), let last = labels.last else {
            throw noHost(host)
        }
        return Self.isNumber(last) ? try readIPv4(labels.joined(separator: ".")) : name
    }

    /// A name with its labels in Punycode, after the mapping of UTS #46 as far as it matters to names in use: compatible forms become
    /// one, capitals small, and each kind of full stop a dot.
    private mutating func inASCII(_ host: Substring) throws(WebOriginFault) -> String {
        guard !host.utf8.allSatisfy({ $0 < 0x80 }) else { return String(host) }
        note("browsers send the ASCII form of a name")
        // Any client can send an origin, and the time that Punycode takes grows with the square of its length.
        guard host.utf8.count <= 4 * Self.longestHost else { throw noHost(host) }
        let mapped = host.lowercased().precomposedStringWithCompatibilityMapping
            .replacing("\u{3002}", with: ".")
        // Invisible characters have rules of their own.
        let isPlain = mapped.unicodeScalars.allSatisfy { scalar in
            !scalar.properties.isDefaultIgnorableCodePoint && !scalar.properties.isWhitespace
                && scalar.properties.generalCategory != .control
        }
        guard isPlain else { throw noHost(host) }
        return mapped.split(separator: ".", omittingEmptySubsequences: false).map { Punycode.label($0) }
            .joined(separator: ".")
    }

    /// Whether a name that ends in this label is an IPv4 address or nothing (URL Standard, "ends in a number").
    private static func isNumber(_ label: Substring) -> Bool {
        if label.utf8.allSatisfy(isDigit) { return true }
        return label.hasPrefix("0x") && label.dropFirst(2).utf8.allSatisfy { isDigit($0) || "abcdef".utf8.contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private mutating func readIPv4(_ text: String) throws(WebOriginFault) -> String {
        var address = in_addr()
        // It takes the same forms as browsers do: fewer numbers than four, octal and hexadecimal ones (inet(3)).
        guard inet_aton(text, &address) == 1 else { throw fault("its host is no IPv4 address") }
        let canonical = withUnsafeBytes(of: &address) { $0.map { String($0) }.joined(separator: ".") }
        if canonical != text { note("an IPv4 address is four decimal numbers") }
        return canonical
    }

    private mutating func readIPv6(_ host: Substring) throws(WebOriginFault) -> String {
        var address = in6_addr()
        guard inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1 else {
            throw fault("its host is no IPv6 address")
        }
        let bytes = withUnsafeBytes(of: &address) { Array($0) }
        let pieces = stride(from: 0, to: 16, by: 2).map { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
        let canonical = "[\(Self.shortest(pieces))]"
        if canonical != host { note("an IPv6 address is in its shortest form") }
        return canonical
    }

    /// Writes an IPv6 address: the first of its longest runs of zeros is left out (URL Standard, "IPv6 serializer").
    private static func shortest(_ pieces: [Int]) -> String {
        var longest = 0..<0
        var start = 0
        for end in 1...pieces.count where end == pieces.count || pieces[end] != 0 || pieces[start] != 0 {
            if pieces[start] == 0, end - start > max(longest.count, 1) { longest = start..<end }
            start = end
        }
        func text(_ pieces: ArraySlice<Int>) -> String { pieces.map { String($0, radix: 16) }.joined(separator: ":") }
        guard !longest.isEmpty else { return text(pieces[...]) }
        return text(pieces[..<longest.lowerBound]) + "::" + text(pieces[longest.upperBound...])
    }
}
