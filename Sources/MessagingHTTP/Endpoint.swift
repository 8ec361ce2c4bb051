/// What a request was for, as far as answers are counted and logged apart.
public enum Endpoint: UInt8, Sendable, CaseIterable {
    case conversations, messages, send, read
    /// Whatever is none of the four: descriptions, probes, preflights and wrong paths.
    case other

    /// Its name in metrics and logs.
    public var name: String {
        switch self {
        case .conversations: "conversations"
        case .messages: "messages"
        case .send: "send"
        case .read: "read"
        case .other: "other"
        }
    }

    /// The endpoint of any request, also of one that is wrong.
    init(of request: Request) {
        switch (try? Route(path: RequestTarget(request.target).path), request.method) {
        case (.conversations, .get), (.conversations, .head): self = .conversations
        case (.messages, .get), (.messages, .head): self = .messages
        case (.messages, .post): self = .send
        case (.read, .put): self = .read
        default: self = .other
        }
    }
}
