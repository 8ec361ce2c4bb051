import Messaging

/// Postbox as a function from requests to responses.
public struct MessagingService: RequestHandler {
    private let context: Context
    private let identity: any Identity
    private let log: @Sendable (String) -> Void

    /// Puts the service together.
    ///
    /// - Parameters:
    ///   - index: observes the store's commits, or nobody would ever see anything new.
    ///   - now: the clock; any thread may call it.
    ///   - makeConversationID: makes ids that were never used before; any thread may call it.
    ///   - log: takes what an operator must know and a caller must not; any thread may call it.
    public init(
        store: any MessageStore, index: FreshnessIndex, identity: any Identity, settings: ServiceSettings,
        now: @escaping @Sendable () -> Timestamp, makeConversationID: @escaping @Sendable () -> ConversationID,
        log: @escaping @Sendable (String) -> Void
    ) {
        context = Context(
            store: store, index: index, settings: settings, now: now, makeConversationID: makeConversationID)
        self.identity = identity
        self.log = log
    }

    /// Answers an idle poll, and whatever can be seen to be wrong without the store.
    public func answerFromMemory(_ request: Request) -> Response? {
        let common = commonFields(request)
        do {
            let (route, query) = try parse(request)
            if request.method == .options { return options(route, common) }
            try check(request.method, route)
            switch route {
            case .health:
                return text("ok\n", common)
            case .readiness:
                return nil
            case .webSocket:
                throw Problem(.pollingOnly, "There is no WebSocket here; poll the endpoints instead.")
            case .conversations:
                let call = try call(request, query, common)
                return try ListConversations(context: context).answerFromMemory(call)
            case .messages(let reference):
                let call = try call(request, query, common)
                if request.method == .post { return nil }
                return try ListMessages(context: context).answerFromMemory(reference, call)
            case .read:
                _ = try call(request, query, common)
                return nil
            }
        } catch {
            return problem(error, common)
        }
    }

    /// Answers whatever memory could not.
    public func answer(_ request: Request) async -> Response {
        let common = commonFields(request)
        do {
            let (route, query) = try parse(request)
            if case .readiness = route {
                try await context.store.checkReadiness()
                return text("ready\n", common)
            }
            let call = try call(request, query, common)
            switch (route, request.method) {
            case (.conversations, _):
                return try await ListConversations(context: context).answer(call)
            case (.messages(let reference), .post):
                return try await SendMessage(context: context).answer(reference, call)
            case (.messages(let reference), _):
                return try await ListMessages(context: context).answer(reference, call)
            case (.read(let reference), _):
                return try await MarkAsRead(context: context).answer(reference, call)
            case (.webSocket, _), (.health, _), (.readiness, _):
                preconditionFailure("this route is answered from memory")
            }
        } catch {
            return problem(error, common)
        }
    }

    /// Says no for the server, as a problem like all others.
    public func refuse(_ request: Request, because reason: TransportRefusal) -> Response {
        problem(Problem(reason), commonFields(request))
    }

    private func parse(_ request: Request) throws -> (Route, Query) {
        let target = RequestTarget(request.target)
        return (try Route(path: target.path), try Query(target.query))
    }

    private func call(_ request: Request, _ query: Query, _ common: [Response.Field]) throws -> Call {
        let caller = try identity.caller(of: request, query)
        return Call(request: request, caller: caller, query: query, common: common)
    }

    private func check(_ method: Method, _ route: Route) throws {
        // A WebSocket client must learn at once that there is none, whatever it sends.
        guard route != .webSocket, !route.methods.contains(method) else { return }
        throw Problem(
            .methodNotAllowed, "This method is not allowed here. Allowed: \(route.allow).",
            fields: [Response.Field("Allow", route.allow)])
    }

    private func commonFields(_ request: Request) -> [Response.Field] {
        [Response.Field("Vary", "\(identity.vary), Origin")]
    }

    private func options(_ route: Route, _ common: [Response.Field]) -> Response {
        Response(status: 204, fields: [Response.Field("Allow", route.allow)] + common)
    }

    private func text(_ text: String, _ common: [Response.Field]) -> Response {
        let fields = [Response.Field("Content-Type", "text/plain"), Response.Field("Cache-Control", "no-store")]
        return Response(status: 200, fields: fields + common, body: Array(text.utf8))
    }

    private func problem(_ error: any Error, _ common: [Response.Field]) -> Response {
        switch error {
        case let problem as Problem: problem.response(common)
        case let error as MessagingError: problem(error, common)
        case let error as CursorError: Problem(error).response(common)
        default: preconditionFailure("an error outside the closed lists: \(error)")
        }
    }

    private func problem(_ error: MessagingError, _ common: [Response.Field]) -> Response {
        if case .storeUnavailable(let reason) = error { log("the store cannot answer: \(reason)") }
        return Problem(error).response(common)
    }
}
