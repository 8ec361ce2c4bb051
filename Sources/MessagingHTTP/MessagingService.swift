import HTTP
import Messaging

/// Postbox as a function from requests to responses.
public struct MessagingService: RequestHandler {
    private let context: Context
    private let gate: Gate
    private let sites: SiteRules
    private let refusedOrigins = RefusedOrigins()
    private let documents: Documents

    /// - Parameters:
    ///   - index: the index that observes the store's commits.
    ///   - deliveries: is told of what recipients fetch; it observes the store's commits, before the index does.
    ///   - description: the OpenAPI description; nil answers `404`.
    ///   - module: the client module; nil answers `404`.
    ///   - page: what to show at `/`; without it, nothing is there.
    public init(
        store: any MessageStore, index: FreshnessIndex, identity: any Identity, settings: ServiceSettings,
        environment: ServiceEnvironment, description: ServiceDescription? = nil, module: ClientModule? = nil,
        page: WebPage? = nil, deliveries: DeliveryClock? = nil
    ) {
        documents = Documents(description: description, module: module, page: page, cors: settings.cors)
        context = Context(
            store: store, index: index, settings: settings, environment: environment,
            openings: RateLimiter(settings.limits.openings, capacity: settings.limits.capacity),
            notModifiedCache: NotModifiedCache(
                capacity: settings.notModifiedCapacity, mostBytes: settings.notModifiedBytes),
            answerMemory: AnswerMemory(limit: settings.mostAnswerMemory), deliveries: deliveries)
        gate = Gate(identity: identity, limits: settings.limits, ticks: environment.ticks)
        sites = SiteRules(
            exposure: identity.exposure, cors: settings.cors, trustedProxies: settings.limits.trustedProxies)
    }

    /// All but those that the identity makes no use of.
    public var fields: Set<RequestField> {
        Set(RequestField.allCases).subtracting(SiteRules.fields).union(sites.fields)
    }

    /// How many requests each limit refused since the start.
    public var refusals: (sends: Int, polls: Int, failures: Int, documents: Int, openings: Int) {
        let (sends, polls, failures, documents) = gate.refusals
        return (sends, polls, failures, documents, context.openings.refusals.load(ordering: .relaxed))
    }

    /// The answers that are not yet sent.
    public var answerMemory: AnswerMemory { context.answerMemory }

    /// Refuses a request for a host that the service does not answer for, on any port; nil for any other request.
    public func refuseHost(of request: Request) -> Response? {
        do {
            try sites.checkHost(request)
            return nil
        } catch {
            return problem(error, commonFields(request), request, request.id)
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
            case .success(let (requested, query)):
                if case .call = try action(of: request, requested.route) { _ = try gate.recognise(request, query) }
            case .failure(let problem):
                if Route.needsCaller(target.path) {
                    try sites.checkWrite(request)
                    if try gate.recognise(request, Query(callerIn: target.query)) == nil { return nil }
                }
                throw problem
            }
            return nil
        } catch {
            return problem(error, commonFields(request), request, request.id)
        }
    }

    /// The caller if memory has it, or else the network.
    public func source(of request: Request) -> RequestSource {
        let proxies = context.settings.limits.trustedProxies
        return gate.peek(request, Query(callerIn: RequestTarget(request.target).query))
            .map { RequestSource.caller($0.hashValue) } ?? .network(ClientNetwork(of: request, through: proxies))
    }

    /// Answers an idle poll, and what can be seen to be wrong without the store.
    public func begin(_ request: Request) -> Reply {
        do {
            try sites.checkHost(request)
            let caller = callerOfPoll(request)
            if let caller, let response = try answerAgain(request, to: caller) { return .response(response) }
            switch try begin(request, from: caller) {
            case .response(let response): return .response(response)
            case .pending(let work): return .pending { .response(await finish(work, request, $0)) }
            }
        } catch {
            return .response(problem(error, commonFields(request), request, request.id))
        }
    }

    private func finish(
        _ work: @Sendable () async throws -> Response, _ request: Request, _ requestID: String?
    ) async -> Response {
        do {
            return try await work()
        } catch {
            return problem(error, commonFields(request), request, requestID)
        }
    }

    /// The caller of a request that may find nothing new, if memory has it.
    private func callerOfPoll(_ request: Request) -> Caller? {
        request.method == .get && request.fields[.ifNoneMatch] != nil ? gate.peek(request) : nil
    }

    /// Returns the cached `304` of the same request, where it is still valid.
    private func answerAgain(_ request: Request, to caller: Caller) throws(Problem) -> Response? {
        guard let answer = context.notModifiedCache.answer(to: request, of: caller), answer.invalidationToken.isValid,
            answer.tag.isKnown(to: request)
        else { return nil }
        try gate.take(caller, request)
        return answer.response
    }

    /// - Parameter known: the caller, where that is known already.
    private func begin(_ request: Request, from known: Caller?) throws -> Step {
        let target = RequestTarget(request.target)
        noteRefusedReader(of: request)
        let common = commonFields(request)
        if request.method == .options { return .response(options(target, request, common)) }
        switch parse(target) {
        case .success(let (requested, query)):
            switch try action(of: request, requested.route) {
            case .call(_, let begin):
                return try admit(request, query, from: known, common) { try begin(context, requested, $0) }
            case .document(let begin):
                try gate.takeDocument(request)
                return try begin(documents, request)
            case .probe(let begin):
                return try begin(context, common)
            case .refusal(let problem):
                throw problem
            }
        case .failure(let problem):
            // Errors in a request to an endpoint are reported to callers only.
            guard Route.needsCaller(target.path) else { throw problem }
            try sites.checkWrite(request)
            return try admit(request, Query(callerIn: target.query), from: known, common) { _ in throw problem }
        }
    }

    /// Admits the caller and begins the call; charges for the answer.
    private func admit(
        _ request: Request, _ query: Query, from known: Caller?, _ common: [Response.Field],
        _ begin: @escaping @Sendable (Call) throws -> Step
    ) throws -> Step {
        let epoch = context.store.epoch
        switch try gate.begin(request, query, known: known) {
        case .admitted(let caller):
            let call = Call(request: request, caller: caller, query: query, epoch: epoch, common: common)
            switch try begin(call) {
            case .response(let response): return .response(charged(response, call))
            case .pending(let work): return .pending { charged(try await work(), call) }
            }
        case .unknown:
            return .pending {
                let caller = try await gate.admit(request, query)
                let call = Call(request: request, caller: caller, query: query, epoch: epoch, common: common)
                return charged(try await begin(call).finish(), call)
            }
        }
    }

    private func charged(_ response: Response, _ call: Call) -> Response {
        gate.charge(call.caller, call.request, size: response.sizeOfBody)
        return response
    }

    /// Answers a request that the server refuses, as a problem.
    public func refuse(_ request: Request, because reason: TransportRefusal) -> Response {
        problem(Problem(reason), commonFields(request), request, request.id)
    }

    private func parse(_ target: RequestTarget) -> Result<(RequestedRoute, Query), Problem> {
        do throws(Problem) {
            let requested = try RequestedRoute(target.path)
            guard isThere(requested.route) else { throw RequestedRoute.notFound }
            return .success((requested, try Query(target.query)))
        } catch {
            return .failure(error)
        }
    }

    private func isThere(_ route: Route) -> Bool { route != .page || documents.page != nil }

    /// What a request asks for, unless it is refused for its method, the site it comes from or the coding of its body.
    private func action(of request: Request, _ route: Route) throws(Problem) -> Route.Action {
        let action = try route.action(for: request.method)
        // Before the rate limit: another site must not use up the caller's.
        try sites.checkWrite(request)
        // The content of the others means nothing.
        if !request.method.isSafe { try ContentCoding.check(request) }
        return action
    }

    private func commonFields(_ request: Request) -> [Response.Field] {
        [Response.Field("Vary", "\(gate.vary), Origin")] + context.settings.cors.fields(for: request)
    }

    /// Answers at every path, also at one that is not there or is wrong: a page may ask only after this answer, and only then can it read
    /// what is wrong.
    private func options(_ target: RequestTarget, _ request: Request, _ common: [Response.Field]) -> Response {
        let route = Route.find(target.path).map(\.0).flatMap { isThere($0) ? $0 : nil }
        let allow = Response.Field("Allow", route?.allow ?? Method.options.name)
        return Response(
            status: 204, fields: [allow] + context.settings.cors.preflightFields(for: request) + common)
    }

    /// Reports a page that may not read the answer to the operator.
    private func noteRefusedReader(of request: Request) {
        guard let origin = sites.refusedReader(of: request) else { return }
        // A client that tries a WebSocket names its own page too, and goes on to poll.
        if Route.find(RequestTarget(request.target).path)?.0 == .webSocket { return }
        note(refused: origin)
    }

    private func note(refused origin: ArraySlice<UInt8>) {
        guard let news = refusedOrigins.take(origin, now: context.environment.ticks()) else { return }
        context.environment.originRefused(news)
    }

    private func problem(
        _ error: any Error, _ common: [Response.Field], _ request: Request, _ requestID: String?
    ) -> Response {
        let problem: Problem
        switch error {
        case let known as Problem: problem = known
        case let error as MessagingError: problem = Problem(error)
        case let error as CursorError: problem = Problem(error)
        default: preconditionFailure("an error outside the closed lists: \(error)")
        }
        if problem.kind == .crossSite, let origin = request.fields[.origin], !origin.hasSameBytes(as: "null") {
            note(refused: origin)
        }
        if case .storeUnavailable(let reason)? = error as? MessagingError {
            context.environment.log(
                ServiceEvent(name: "the store cannot answer", cause: reason, requestID: requestID))
        }
        let endpoint = Endpoint(of: request) {
            gate.peek(request, Query(callerIn: RequestTarget(request.target).query))
        }
        return problem.response(common, at: endpoint)
    }
}
