import HTTP
import Messaging

/// The endpoint of a request, by which answers are counted and logged.
public enum Endpoint: UInt8, Sendable, CaseIterable {
    // Those that are polled come first.
    case conversations = 1, conversation, messages, send, read
    /// All other requests: descriptions, probes, preflights and wrong paths. Its number is that of ``Label/unlabelled``.
    case other = 0

    /// Its number in a ``Label``.
    public var index: Int { Int(rawValue) }

    /// Its name in metrics and logs.
    public var name: String {
        switch self {
        case .conversations: "conversations"
        case .conversation: "conversation"
        case .messages: "messages"
        case .send: "send"
        case .read: "read"
        case .other: "other"
        }
    }

    /// The endpoint of any request, also of one that is wrong.
    ///
    /// - Parameter caller: returns the caller, where it is known; called only where it matters, because a caller's list has two paths.
    init(of request: Request, by caller: () -> Caller? = { nil }) {
        switch (try? Route(path: RequestTarget(request.target).path), request.method) {
        case (.conversations, .get), (.conversations, .head): self = .conversations
        case (.conversation(let name), .get), (.conversation(let name), .head):
            self = caller()?.isCalled(name) == true ? .conversations : .conversation
        case (.messages, .get), (.messages, .head): self = .messages
        case (.messages, .post), (.send, .post): self = .send
        case (.read, .put), (.read, .post), (.read, .patch): self = .read
        default: self = .other
        }
    }
}

extension Caller {
    /// Whether this text is the caller's own user id, byte for byte.
    func isCalled(_ name: String) -> Bool { user.text.hasSameBytes(as: name) }
}

extension Label {
    /// The label of an answer to this caller.
    init(_ endpoint: Endpoint, _ outcome: Outcome, by caller: Caller? = nil) {
        let viewer = caller.map(Self.viewer) ?? 0
        self.init(
            endpointIndex: endpoint.index, outcomeIndex: outcome.index, viewer: viewer,
            isPoll: viewer != 0 && (Endpoint.conversations.index...Endpoint.messages.index).contains(endpoint.index))
    }

    /// The endpoint of the request.
    public var endpoint: Endpoint { Endpoint(rawValue: UInt8(endpointIndex)) ?? .other }

    /// The outcome of the request.
    public var outcome: Outcome { Outcome.allCases[outcomeIndex] }

    private static func viewer(_ caller: Caller) -> UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.combine(caller)
        return fingerprint.mixed
    }
}
