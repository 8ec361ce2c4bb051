/// The closed list of problems; `type` is stable, programs may depend on it.
public enum ProblemKind: String, CaseIterable, Sendable {
    case malformedRequest = "malformed-request"
    case malformedCursor = "malformed-cursor"
    case unauthenticated
    case crossSite = "cross-site"
    case senderMismatch = "sender-mismatch"
    case openingForbidden = "opening-forbidden"
    case notFound = "not-found"
    case conversationNotFound = "conversation-not-found"
    case pollingOnly = "polling-only"
    case methodNotAllowed = "method-not-allowed"
    case cursorExpired = "cursor-expired"
    case contentTooLarge = "content-too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case misdirectedRequest = "misdirected-request"
    case ambiguousRecipient = "ambiguous-recipient"
    case invalidMessage = "invalid-message"
    case idempotencyConflict = "idempotency-conflict"
    case invalidReadPosition = "invalid-read-position"
    case rateLimited = "rate-limited"
    case headTooLarge = "head-too-large"
    case overloaded
    case storeUnavailable = "store-unavailable"
    case stopping

    private static let places = Dictionary(uniqueKeysWithValues: zip(allCases, allCases.indices))

    /// Its place in the list.
    var index: Int {
        guard let place = Self.places[self] else { preconditionFailure("the list of all problems lacks one") }
        return place
    }

    /// The problem type URI.
    public var type: String { "urn:postbox:problem:\(rawValue)" }

    /// The status code it goes out with.
    public var status: Int {
        switch self {
        case .malformedRequest, .malformedCursor: 400
        case .unauthenticated: 401
        case .crossSite, .senderMismatch, .openingForbidden: 403
        case .notFound, .conversationNotFound, .pollingOnly: 404
        case .methodNotAllowed: 405
        case .cursorExpired: 410
        case .contentTooLarge: 413
        case .unsupportedMediaType: 415
        case .misdirectedRequest: 421
        case .ambiguousRecipient, .invalidMessage, .idempotencyConflict, .invalidReadPosition: 422
        case .rateLimited: 429
        case .headTooLarge: 431
        case .overloaded, .storeUnavailable, .stopping: 503
        }
    }

    /// The title of the problem, the same for every occurrence.
    public var title: String {
        switch self {
        case .malformedRequest: "Malformed request"
        case .malformedCursor: "Malformed cursor"
        case .unauthenticated: "Not authenticated"
        case .crossSite: "Write from another site"
        case .senderMismatch: "Sender is not the caller"
        case .openingForbidden: "Opening conversations is forbidden"
        case .notFound: "No such resource"
        case .conversationNotFound: "No such conversation"
        case .pollingOnly: "Polling only"
        case .methodNotAllowed: "Method not allowed"
        case .cursorExpired: "Cursor expired"
        case .contentTooLarge: "Content too large"
        case .unsupportedMediaType: "Unsupported media type"
        case .misdirectedRequest: "Misdirected request"
        case .ambiguousRecipient: "Ambiguous recipient"
        case .invalidMessage: "Invalid message"
        case .idempotencyConflict: "Idempotency conflict"
        case .invalidReadPosition: "Invalid read position"
        case .rateLimited: "Too many requests"
        case .headTooLarge: "Head too large"
        case .overloaded: "Overloaded"
        case .storeUnavailable: "Store unavailable"
        case .stopping: "Server is stopping"
        }
    }
}
