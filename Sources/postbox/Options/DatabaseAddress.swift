/// Where the data is: the value of `--database`.
enum DatabaseAddress: Equatable {
    /// A SQLite file, by its path.
    case file(String)
    /// A PostgreSQL database, as a connection string of libpq.
    case postgres(String)

    /// Whether it is an address of a PostgreSQL.
    var isServer: Bool {
        if case .postgres = self { true } else { false }
    }

    /// What an address of a PostgreSQL begins with.
    private static let schemes = ["postgresql:", "postgres:"]

    /// Takes the value of the option.
    ///
    /// `postgres:` alone, without the slashes of a URI, leaves everything to the `PG…` variables and the service file. What follows it
    /// otherwise is taken as it is, such as `postgres:service=chat`.
    init(_ text: String) {
        guard let scheme = Self.schemes.first(where: text.hasPrefix) else {
            self = .file(text)
            return
        }
        let rest = text.dropFirst(scheme.count)
        if rest.isEmpty {
            self = .postgres("\(scheme)//")
        } else {
            self = .postgres(rest.hasPrefix("//") ? text : String(rest))
        }
    }

    /// Whether the path of a file is meant to be the address of a server: a URI of another scheme, or parameters without any.
    static func looksLikeServer(_ path: String) -> Bool {
        let scheme = path.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
        if !scheme.isEmpty, path[scheme.endIndex...].hasPrefix("://") { return true }
        return path.split(separator: " ").contains { word in
            ["host=", "hostaddr=", "dbname=", "user=", "password=", "service="].contains { word.hasPrefix($0) }
        }
    }

    /// Returns a command-line argument without the password in it; nil where it has none.
    ///
    /// - Parameter argument: an argument such as `--database=postgres://dana:secret@db/chat`. The result has no more bytes, and shows less
    ///   than it could where the address is malformed.
    static func withoutPassword(_ argument: String) -> String? {
        let start = argument.hasPrefix("--") ? argument.firstIndex(of: "=").map(argument.index(after:)) : nil
        let (option, value) = (argument[..<(start ?? argument.startIndex)], argument[(start ?? argument.startIndex)...])
        guard let scheme = schemes.first(where: value.hasPrefix) else { return nil }
        let rest = value.dropFirst(scheme.count)
        guard rest.hasPrefix("//") else {
            return rest.contains("password") ? "\(option)\(scheme)" : nil
        }
        let place = rest.dropFirst(2)
        let query = place.firstIndex(of: "?").map { place[$0...] } ?? ""
        guard !query.contains("password"), !mayHavePassword(place) else { return "\(option)\(scheme)" + shown(place) }
        return nil
    }

    /// Whether there is a password between user and host.
    private static func mayHavePassword(_ place: Substring) -> Bool {
        let authority = place.prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@") else {
            // A port, or a password with a slash in it, which libpq does not take.
            return !authority.split(separator: ",", omittingEmptySubsequences: false).allSatisfy(endsInPort)
        }
        return authority[..<at].contains(":")
    }

    private static func endsInPort(_ host: Substring) -> Bool {
        guard let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") else { return true }
        return host[colon...].dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }

    /// User, host and database of a URI, as far as they are certainly no part of a password.
    private static func shown(_ place: Substring) -> String {
        let authority = place.prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@") else {
            return mayHavePassword(place) ? "" : "//" + place.prefix { $0 != "?" }
        }
        let user = authority[..<at].prefix { $0 != ":" }
        return "//\(user)" + place[at...].prefix { $0 != "?" }
    }
}
