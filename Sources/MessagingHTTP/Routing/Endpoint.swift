import HTTP
import Messaging

/// The endpoint of a request, by which answers are counted and logged.
public enum Endpoint: UInt8, Sendable, CaseIterable {
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

    /// Whether clients poll it.
    public var isPoll: Bool {
        switch self {
        case .conversations, .conversation, .messages: true
        case .send, .read, .other: false
        }
    }

    /// The endpoint of any request, also of one that is wrong.
    ///
    /// - Parameter caller: returns the caller, where it is known; called only where it matters, because a caller's list has two paths.
    init(of request: Request, by caller: () -> Caller? = { nil }) {
        self = .other
        guard let requested = try? RequestedRoute(RequestTarget(request.target).path),
            case .call(let endpoint, _)? = requested.route[request.method]
        else { return }
        let isOwnList = endpoint == .conversation && caller()?.isCalled(requested.id) == true
        self = isOwnList ? .conversations : endpoint
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
            isPoll: viewer != 0 && endpoint.isPoll)
    }

    /// The endpoint of the request.
    public var endpoint: Endpoint { Endpoint(rawValue: UInt8(endpointIndex)) ?? .other }

    /// The outcome of the request.
    public var outcome: Outcome { Outcome.allCases[outcomeIndex] }

    private static func viewer(_ caller: Caller) -> UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.combine(caller)
        return fingerprint.value
    }
}
