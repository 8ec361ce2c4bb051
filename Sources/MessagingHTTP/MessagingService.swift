import Messaging

/// Postbox as a function from requests to responses.
public struct MessagingService: RequestHandler {
    private let context: Context
    private let gate: Gate
    private let sites: SiteRules
    private let description: ServiceDescription?
    private let page: WebPage?

    /// Puts the service together.
    ///
    /// - Parameters:
    ///   - index: observes the store's commits, or nobody would ever see anything new.
    ///   - deliveries: is told of what recipients fetch; it observes the store's commits, before the index does.
    ///   - description: what to answer whoever asks how to use the service; without it, that there is no such thing.
    ///   - page: what to show at `/`; without it, nothing is there.
    public init(
        store: any MessageStore, index: FreshnessIndex, identity: any Identity, settings: ServiceSettings,
        surroundings: Surroundings, description: ServiceDescription? = nil, page: WebPage? = nil,
        deliveries: DeliveryClock? = nil
    ) {
        self.description = description
        self.page = page
        context = Context(
            store: store, index: index, settings: settings, surroundings: surroundings,
            openings: RateLimiter(settings.limits.openings, capacity: settings.limits.capacity),
            idlePolls: IdlePolls(capacity: settings.idlePollCapacity, mostBytes: settings.idlePollBytes),
            answerMemory: AnswerMemory(limit: settings.mostAnswerMemory), deliveries: deliveries)
        gate = Gate(identity: identity, limits: settings.limits, ticks: surroundings.ticks)
        sites = SiteRules(
            exposure: identity.exposure, cors: settings.cors, trustedProxies: settings.limits.trustedProxies)
    }

    /// All but those that the identity makes no use of.
    public var fields: Set<RequestField> {
        Set(RequestField.allCases).subtracting(SiteRules.fields).union(sites.fields)
    }

    /// How often each limit turned somebody away since the start.
    public var refusals: (sends: Int, polls: Int, failures: Int, documents: Int, openings: Int) {
        let (sends, polls, failures, documents) = gate.refusals
        return (sends, polls, failures, documents, context.openings.refusals.load(ordering: .relaxed))
    }

    /// The answers that are not yet sent.
    public var answerMemory: AnswerMemory { context.answerMemory }

    /// Says no to a request for a host that is not answered for, at whatever port it came in; nil for any other request.
    public func refuseHost(of request: Request) -> Response? {
        do {
            try sites.checkHost(request)
            return nil
        } catch {
            return problem(error, commonFields(request), request)
        }
    }

    /// Refuses what needs no body to be wrong: the host, the path, the method, the site, the credential.
    ///
    /// A token that is not known yet is not verified here; its request is let in.
    public func refusalAtHead(of request: Request) -> Response? {
        guard request.method != .options else { return nil }
        do {
            try sites.checkHost(request)
            let target = RequestTarget(request.target)
            switch parse(target) {
            case .success(let (route, query)):
                try check(request, route)
                if route == .webSocket { throw Problem.pollingOnly }
                if Route.needsCaller(target.path) { _ = try gate.recognise(request, query) }
            case .failure(let problem):
                let isToCaller = Route.needsCaller(target.path)
                if isToCaller, try gate.recognise(request, Query(callerIn: target.query)) == nil { return nil }
                throw problem
            }
            return nil
        } catch {
            return problem(error, commonFields(request), request)
        }
    }

    /// The caller as far as memory knows, or else the network.
    public func source(of request: Request) -> RequestSource {
        let proxies = context.settings.limits.trustedProxies
        return gate.peek(request).map(RequestSource.caller) ?? .network(ClientNetwork(of: request, through: proxies))
    }

    /// Answers an idle poll, and whatever can be seen to be wrong without the store.
    public func answerFromMemory(_ request: Request) -> Response? {
        if let response = refuseHost(of: request) { return response }
        if let response = answerAgain(request) { return response }
        let common = commonFields(request)
        do {
            guard let (route, query) = try parseFromMemory(request) else { return nil }
            if request.method == .options { return options(route, request, common) }
            try check(request, route)
            switch route {
            case .health:
                guard context.surroundings.loopsTurn() else { throw Problem.stuck }
                return text("ok\n", common)
            case .readiness:
                return nil
            case .description(let form):
                guard let description else { throw Problem(.notFound, "There is no description here.") }
                try gate.takeDocument(request)
                return description.answerFromMemory(form, to: request, context.settings.cors)
            case .page:
                try gate.takeDocument(request)
                return page?.answer(to: request, context.settings.cors)
            case .webSocket:
                throw Problem.pollingOnly
            case .conversations:
                guard let call = try callFromMemory(request, query, common) else { return nil }
                return charged(try ListConversations(context: context).answerFromMemory(call), call)
            case .conversation(let name):
                guard let call = try callFromMemory(request, query, common) else { return nil }
                return charged(try answerFromMemory(call, named: name), call)
            case .messages(let reference):
                guard let call = try callFromMemory(request, query, common), request.method != .post else { return nil }
                return charged(try ListMessages(context: context).answerFromMemory(reference, call), call)
            case .read, .send:
                _ = try callFromMemory(request, query, common)
                return nil
            }
        } catch {
            return problem(error, common, request)
        }
    }

    private func answerFromMemory(_ call: Call, named name: String) throws -> Response? {
        guard !call.caller.isCalled(name) else { return try ListConversations(context: context).answerFromMemory(call) }
        return ShowConversation(context: context).answerFromMemory(try reference(name), call)
    }

    private func reference(_ name: String) throws(MessagingError) -> ConversationReference {
        guard let reference = ConversationReference(name) else { throw .conversationNotFound }
        return reference
    }

    /// Gives the same `304` as before, where the state is the same as before.
    private func answerAgain(_ request: Request) -> Response? {
        guard request.method == .get, request.fields[.ifNoneMatch] != nil, let caller = gate.peek(request),
            let answer = context.idlePolls.answer(to: request, of: caller), answer.validity.holds,
            answer.tag.isKnown(to: request)
        else { return nil }
        do {
            try gate.take(caller, request)
            return answer.response
        } catch {
            return problem(error, commonFields(request), request)
        }
    }

    /// The largest body, in bytes, that is read where the request came in.
    private static let quicklyRead = 4096

    /// Answers whatever memory could not.
    public func answer(_ request: Request) async -> Response {
        let common = commonFields(request)
        do {
            let target = RequestTarget(request.target)
            let parsed = parse(target)
            if case .failure = parsed { _ = try await gate.admit(request, Query(callerIn: target.query)) }
            let (route, query) = try parsed.get()
            if case .readiness = route {
                if let fault = await context.store.checkReadiness() { throw Problem(fault) }
                return text("ready\n", common)
            }
            if case .description(let form) = route, let description {
                // Others wait for this thread, and to make the document takes a while.
                await Task.yield()
                return description.answer(form, to: request, context.settings.cors)
            }
            let caller = try await gate.admit(request, query)
            // So does reading a large body.
            if request.body.count > Self.quicklyRead { await Task.yield() }
            let call = Call(request: request, caller: caller, query: query, common: common)
            let response = try await answer(call, route)
            gate.charge(caller, request, size: response.sizeOfBody)
            return response
        } catch {
            return problem(error, common, request)
        }
    }

    private func answer(_ call: Call, _ route: Route) async throws -> Response {
        switch (route, call.request.method) {
        case (.conversations, _):
            try await ListConversations(context: context).answer(call)
        case (.conversation(let name), _) where call.caller.isCalled(name):
            try await ListConversations(context: context).answer(call)
        case (.conversation(let name), _):
            try await ShowConversation(context: context).answer(try reference(name), call)
        case (.messages(let reference), .post):
            try await SendMessage(context: context).answer(reference, call)
        case (.send, _):
            try await SendMessage(context: context).answer(call)
        case (.messages(let reference), _):
            try await ListMessages(context: context).answer(reference, call)
        case (.read(let reference), _):
            try await MarkAsRead(context: context).answer(reference, call)
        case (.webSocket, _), (.health, _), (.readiness, _), (.description, _), (.page, _):
            preconditionFailure("this route is answered from memory")
        }
    }

    private func charged(_ response: Response?, _ call: Call) -> Response? {
        if let response { gate.charge(call.caller, call.request, size: response.sizeOfBody) }
        return response
    }

    /// Says no for the server, as a problem like all others.
    public func refuse(_ request: Request, because reason: TransportRefusal) -> Response {
        problem(Problem(reason), commonFields(request), request)
    }

    /// What a request is about; what is wrong with one to an endpoint is told to callers only. Nil where it takes
    /// ``answer(_:)`` to know whether this is one.
    private func parseFromMemory(_ request: Request) throws -> (Route, Query)? {
        let target = RequestTarget(request.target)
        switch parse(target) {
        case .success(let parsed):
            return parsed
        case .failure(let problem):
            let isToCaller = Route.needsCaller(target.path) && request.method != .options
            if isToCaller { try sites.checkWrite(request) }
            if isToCaller, try gate.admitFromMemory(request, Query(callerIn: target.query)) == nil { return nil }
            throw problem
        }
    }

    private func parse(_ target: RequestTarget) -> Result<(Route, Query), Problem> {
        do throws(Problem) {
            let route = try Route(path: target.path)
            if route == .page, page == nil { throw Route.notFound }
            return .success((route, try Query(target.query)))
        } catch {
            return .failure(error)
        }
    }

    private func callFromMemory(_ request: Request, _ query: Query, _ common: [Response.Field]) throws -> Call? {
        try gate.admitFromMemory(request, query).map {
            Call(request: request, caller: $0, query: query, common: common)
        }
    }

    private func check(_ request: Request, _ route: Route) throws {
        // A WebSocket client must learn at once that there is none, whatever it sends.
        guard route != .webSocket else { return }
        guard route.methods.contains(request.method) else {
            throw Problem(
                .methodNotAllowed, "This method is not allowed here. Allowed: \(route.allow).",
                fields: [Response.Field("Allow", route.allow)])
        }
        // Before a limit is asked: another site must not use up the caller's.
        try sites.checkWrite(request)
    }

    private func commonFields(_ request: Request) -> [Response.Field] {
        [Response.Field("Vary", "\(gate.vary), Origin")] + context.settings.cors.fields(for: request)
    }

    private func options(_ route: Route, _ request: Request, _ common: [Response.Field]) -> Response {
        let preflight = context.settings.cors.preflightFields(for: request, methods: route.allow)
        return Response(status: 204, fields: [Response.Field("Allow", route.allow)] + preflight + common)
    }

    private func text(_ text: String, _ common: [Response.Field]) -> Response {
        let fields = [Response.Field("Content-Type", "text/plain"), Response.Field("Cache-Control", "no-store")]
        return Response(status: 200, fields: fields + common, body: Array(text.utf8))
    }

    private func problem(_ error: any Error, _ common: [Response.Field], _ request: Request) -> Response {
        let problem: Problem
        switch error {
        case let known as Problem: problem = known
        case let error as MessagingError: problem = Problem(error)
        case let error as CursorError: problem = Problem(error)
        default: preconditionFailure("an error outside the closed lists: \(error)")
        }
        if case .storeUnavailable(let reason)? = error as? MessagingError {
            context.surroundings.log(
                ServiceEvent(name: "the store cannot answer", cause: reason, requestID: request.id))
        }
        let endpoint = Endpoint(of: request) {
            gate.peek(request, Query(callerIn: RequestTarget(request.target).query))
        }
        return problem.response(common, at: endpoint)
    }
}
