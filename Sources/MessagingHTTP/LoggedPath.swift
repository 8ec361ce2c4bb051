/// The part of a request target that may stand in a log.
public enum LoggedPath {
    /// The longest path that is written out, in bytes.
    private static let maximumLength = 256

    /// The path without the query, which may hold a user or a token, and without the other user of a direct conversation.
    public static func text(of target: [UInt8]) -> String {
        let path = RequestTarget(target).path
        guard let route = try? Route(path: path) else {
            guard !Route.needsCaller(path) else { return "\(Route.conversations.path)/…" }
            return PercentEncoding.visible(withoutIDs(path).prefix(maximumLength))
        }
        return switch route {
        case .messages(.direct): "/api/messages/conversations/@/messages"
        case .read(.direct): "/api/messages/conversations/@/read"
        default: route.path
        }
    }

    /// A path of ours behind a prefix that a proxy has left on it, without what may name people.
    private static func withoutIDs(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let beginning = Array("\(Route.conversations.path)/".utf8)
        return path.firstRange(of: beginning).map { path[..<$0.upperBound] } ?? path
    }
}
