/// The part of a request target that may stand in a log.
public enum LoggedPath {
    /// The longest path that is written out, in bytes.
    private static let maximumLength = 256

    /// The path without the query, which may hold a user or a token, and without the other user of a direct conversation.
    public static func text(of target: [UInt8]) -> String {
        let path = RequestTarget(target).path
        guard let route = try? Route(path: path) else {
            guard !Route.needsCaller(path) else { return "\(Route.conversations.path)/…" }
            // Of ours behind a prefix that a proxy has left on it: without what may name people.
            if let ours = path.firstRange(of: Array("\(Route.conversations.path)/".utf8)) {
                return PercentEncoding.visible(path[..<ours.upperBound].suffix(maximumLength)) + "…"
            }
            return PercentEncoding.visible(path.prefix(maximumLength))
        }
        return switch route {
        // The segment may be the caller's own id.
        case .conversation: "\(Route.conversations.path)/…"
        case .messages(.direct): "/api/messages/conversations/@/messages"
        case .read(.direct): "/api/messages/conversations/@/read"
        default: route.path
        }
    }
}
