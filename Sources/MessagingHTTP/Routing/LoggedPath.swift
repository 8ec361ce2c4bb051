/// The part of a request target that may stand in a log.
public enum LoggedPath {
    /// The longest path that is written out, in bytes.
    private static let maximumLength = 256

    /// The path without the query, which may hold a user or a token, and without the other user of a direct conversation.
    public static func text(of target: [UInt8]) -> String {
        let path = RequestTarget(target).path
        if let known = try? RequestedRoute(path) { return known.loggedPath }
        let conversations = "\(Route.conversations.path())/"
        guard !Route.needsCaller(path) else { return "\(conversations)…" }
        // Of ours behind a prefix that a proxy has left on it: without what may name people.
        if let ours = path.firstRange(of: Array(conversations.utf8)) {
            return PercentEncoding.visible(path[..<ours.upperBound].suffix(maximumLength)) + "…"
        }
        return PercentEncoding.visible(path.prefix(maximumLength))
    }
}
