import Messaging

/// The route that a path names, with the id in it.
struct RequestedRoute: Equatable, Sendable {
    let route: Route
    /// The id in the path, decoded; empty where the path has none.
    let id: String
    private let reference: ConversationReference?

    /// Reads a raw path; the id in it is decoded here, once.
    ///
    /// - Throws: `not-found` or `malformed-request`.
    init(_ path: ArraySlice<UInt8>) throws(Problem) {
        guard let (route, segment) = Route.find(path) else { throw Self.notFound }
        self.route = route
        guard let id = PercentEncoding.decode(segment) else {
            throw Problem(.malformedRequest, "The conversation id in the path is not percent-encoded UTF-8.")
        }
        self.id = id
        reference = id.isEmpty ? nil : ConversationReference(id)
    }

    static var notFound: Problem { Problem(.notFound, "There is nothing at this path.") }

    /// The conversation that the path names.
    ///
    /// - Throws: ``MessagingError/conversationNotFound`` for an id that no conversation can have.
    var conversation: ConversationReference {
        get throws(MessagingError) {
            guard let reference else { throw .conversationNotFound }
            return reference
        }
    }

    /// The path, with the id as it was given.
    var path: String { route.path(id: id) }

    /// The path as it may stand in a log: without what names a user.
    var loggedPath: String {
        switch (route, reference) {
        // The id may be the caller's own.
        case (.conversation, _): route.path(encodedID: "…")
        case (_, .direct): route.path(encodedID: "@")
        case (_, .id): path
        case (_, nil): route.path(encodedID: "…")
        }
    }
}
