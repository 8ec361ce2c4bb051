import CPostgres
import Foundation

/// Where a database is and how to reach it: a connection string of libpq, as a URI (`postgres://…`) or as `parameter=value …`.
///
/// What it does not say comes from the `PG…` variables, the service file and the password file, as libpq's manual describes. It may
/// contain a password, so it is never printed.
public struct PostgresAddress: Sendable {
    /// The connection string.
    let text: String
    /// What it sets.
    let parameters: [String: String]

    /// Takes a connection string.
    ///
    /// - Throws: ``PostgresError/badAddress(reason:)`` or ``PostgresError/libraryMissing(reason:)``.
    public init(_ text: String) throws(PostgresError) {
        guard !text.utf8.contains(0) else { throw .badAddress(reason: "it contains U+0000") }
        guard !Self.hasUnescapedPassword(text) else {
            throw .badAddress(reason: "in a password, / ? # and @ are written as %2F %3F %23 and %40")
        }
        try PostgresLibrary.load()
        self.text = text
        var reason = [CChar](repeating: 0, count: 256)
        let found = Collector()
        let isParsed = withExtendedLifetime(found) {
            postbox_pq_parse(
                text, &reason, reason.count,
                { context, keyword, value in
                    guard let context, let keyword, let value else { return }
                    let found = Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue()
                    found.parameters[String(cString: keyword)] = String(cString: value)
                }, Unmanaged.passUnretained(found).toOpaque())
        }
        guard isParsed else { throw .badAddress(reason: Self.withoutQuotation(reason)) }
        parameters = found.parameters
    }

    /// Whether the password of a URI ends its authority, so that a part of it would be taken for a host, a port or a database, and be named in
    /// an error.
    private static func hasUnescapedPassword(_ text: String) -> Bool {
        guard let scheme = ["postgres://", "postgresql://"].first(where: text.hasPrefix) else { return false }
        let place = text.dropFirst(scheme.count)
        let authority = place.prefix { !"/?#".contains($0) }
        guard let at = authority.firstIndex(of: "@") else {
            // Behind the colon of a host comes a port.
            let hosts = authority.split(separator: ",", omittingEmptySubsequences: false)
            let hasPorts = hosts.allSatisfy { host in
                guard !host.hasSuffix("]"), let colon = host.lastIndex(of: ":") else { return true }
                return host[colon...].dropFirst().allSatisfy(\.isNumber)
            }
            return !hasPorts && place.contains("@")
        }
        return authority[at...].dropFirst().contains("@")
    }

    /// Collects parameters for a function of C.
    private final class Collector {
        var parameters: [String: String] = [:]
    }

    /// The reason up to where it quotes the address, which may contain a password.
    private static func withoutQuotation(_ reason: [CChar]) -> String {
        let text = String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let beginning = text.prefix { $0 != "\"" }.trimmingCharacters(in: CharacterSet(charactersIn: " :\n"))
        return beginning == "missing" ? "a parameter has no value" : beginning
    }

    /// The same words without the password, should they have it.
    func redacted(_ words: String) -> String {
        let passwords = [parameters["password"], ProcessInfo.processInfo.environment["PGPASSWORD"]]
        return passwords.reduce(words) { words, password in
            guard let password, password.utf8.count >= 4 else { return words }
            return words.replacingOccurrences(of: password, with: "…")
        }
    }
}

extension PostgresAddress: CustomStringConvertible {
    /// The database and the server, as far as the address itself says; without user and password.
    public var description: String {
        let host = parameters["host"] ?? parameters["hostaddr"]
        let place = [host, parameters["port"]].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ":")
        let database = parameters["dbname"] ?? parameters["service"].map { "service \($0)" } ?? "PostgreSQL"
        return place.isEmpty ? database : "\(database) at \(place)"
    }
}
