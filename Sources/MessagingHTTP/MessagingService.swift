import HTTP
import Messaging

/// Postbox as a function from requests to responses.
public struct MessagingService: RequestHandler {
    let context: Context
    let gate: Gate
    private let sites: SiteRules
    let jitter: Jitter
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
        documents = Documents(description: description, module: module, page: page, settings: settings)
        context = Context(
            store: store, index: index, settings: settings, environment: environment, deliveries: deliveries)
        jitter = Jitter(random: environment.random)
        gate = Gate(
            identity: identity, limits: settings.limits, limited: context.limitedPeople, ticks: environment.ticks)
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

    /// How many different users the rate limits turned away in the last 30 s, within some 2 %.
    public var peopleLimited: Int { context.limitedPeople.count(now: context.environment.ticks()) }

    /// The answers that are not yet sent.
    public var answerMemory: AnswerMemory { context.answerMemory }

    /// The polls that wait for a change.
    public var waitingPlaces: WaitingPlaces { context.waitingPlaces }

    /// How polls are paced.
    public var pollPace: PollPace { context.pollPace }

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

    /// Answers a request from memory, or returns the work or the wait that answers it.
    public func begin(_ request: Request) -> Reply {
        do {
            try sites.checkHost(request)
            let caller = callerOfPoll(request)
            if let caller, let response = try answerAgain(request, to: caller) { return .response(response) }
            return try begin(request, from: caller)
        } catch {
            return .response(problem(error, commonFields(request), request, request.id))
        }
    }

    /// Work whose errors become problems.
    private func pending(_ request: Request, _ work: @escaping @Sendable () async throws -> Reply) -> Reply {
        .pending { requestID in
            do {
                return try await work()
            } catch {
                return .response(problem(error, commonFields(request), request, requestID))
            }
        }
    }

    /// The caller of a request that may find nothing new, if memory has it.
    private func callerOfPoll(_ request: Request) -> Caller? {
        request.method == .get && request.fields.has(.ifNoneMatch) ? gate.peek(request) : nil
    }

    /// Returns the cached `304` of the same request, where it is still valid and says when to come again as it would be said now.
    private func answerAgain(_ request: Request, to caller: Caller) throws(Problem) -> Response? {
        guard !request.fields.has(.prefer) else { return nil }
        let coding = AcceptedCoding.of(request, isOn: context.settings.compresses)
        guard let answer = context.notModifiedCache.answer(to: request, of: caller, accepting: coding),
            answer.invalidationToken.isValid, context.pollPace.isOrdinary(answer.pollInterval),
            answer.tag.isKnown(to: request), context.feedClock.mayAnswer
        else { return nil }
        try gate.take(caller, request)
        return answer.response
    }

    /// - Parameter known: the caller, where that is known already.
    private func begin(_ request: Request, from known: Caller?) throws -> Reply {
        let target = RequestTarget(request.target)
        noteRefusedReader(of: request)
        let common = commonFields(request)
        if request.method == .options { return .response(options(target, request, common)) }
        switch parse(target) {
        case .success(let (requested, query)):
            switch try action(of: request, requested.route) {
            case .call(let endpoint, let begin):
                if endpoint.isPoll { try context.pollPace.admitPoll(jitter) }
                return try admit(request, query, from: known, common) { try begin(context, requested, $0) }
            case .document(let begin):
                try gate.takeDocument(request)
                return try reply(begin(documents, request), to: request)
            case .probe(let begin):
                return try reply(begin(context, common), to: request)
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

    private func reply(_ step: Step, to request: Request) throws -> Reply {
        switch step {
        case .response(let response): .response(response)
        case .unchanged(let unchanged): .response(try unchanged.response())
        case .behind: throw Problem.behind
        case .pending(let work): pending(request) { .response(try await work().finish()) }
        }
    }

    /// Admits the caller and begins the call; charges for the answer.
    private func admit(
        _ request: Request, _ query: Query, from known: Caller?, _ common: [Response.Field],
        _ begin: @escaping @Sendable (Call) throws -> Step
    ) throws -> Reply {
        let coding = AcceptedCoding.of(request, isOn: context.settings.compresses)
        let common = context.settings.compresses ? negotiated(common) : common
        switch try gate.begin(request, query, known: known) {
        case .admitted(let caller):
            return try answer(call(request, caller, query, common, coding), begin)
        case .unknown:
            return pending(request) {
                let caller = try await gate.admit(request, query)
                return try answer(call(request, caller, query, common, coding), begin)
            }
        }
    }

    private func call(
        _ request: Request, _ caller: Caller, _ query: Query, _ common: [Response.Field], _ coding: AcceptedCoding
    ) -> Call {
        var call = Call(
            request: request, caller: caller, query: query, epoch: context.store.epoch, common: common, coding: coding,
            pollInterval: context.pollPace.interval, wait: wait(of: request))
        if call.mayWait { call.pollInterval = 0 }
        call.mayBeAhead = context.feedClock.hasOtherNodes
        return call
    }

    /// Answers a call, or lets it wait for something new. Here, in ``answerAgain(_:to:)`` and where a wait is over the clock of the feed is
    /// asked whether memory may answer; writes go on without it.
    ///
    /// - Parameter place: the place of the wait that this call continues; nil for a new call.
    func answer(
        _ call: Call, in place: WaitingPlaces.Place? = nil, _ begin: @escaping @Sendable (Call) throws -> Step
    ) throws -> Reply {
        guard !call.request.method.isSafe || context.feedClock.mayAnswer else {
            return afterLook(call, in: place, begin)
        }
        return try answerNow(call, in: place, begin)
    }

    /// Answers a call from a memory that may answer it.
    private func answerNow(
        _ call: Call, in place: WaitingPlaces.Place?, _ begin: @escaping @Sendable (Call) throws -> Step
    ) throws -> Reply {
        switch try begin(call) {
        case .response(let response):
            return .response(paced(response, call))
        case .unchanged(let unchanged):
            return try wait(call, for: unchanged, in: place, begin)
        case .behind:
            return afterLook(call, in: place, begin)
        case .pending(let work):
            return pending(call.request) { try await answer(call, after: work, in: place, begin) }
        }
    }

    /// Answers a call after a look at the feed.
    private func afterLook(
        _ call: Call, in place: WaitingPlaces.Place?, _ begin: @escaping @Sendable (Call) throws -> Step
    ) -> Reply {
        pending(call.request) { try answerNow(try await afterLook(call), in: place, begin) }
    }

    /// How long a call waits for a look.
    private static let longestLook = Duration.seconds(1)

    /// Waits until memory has all that was visible at any node when the call came here: what another node showed this client was visible
    /// before, so a look that begins now brings it.
    ///
    /// - Throws: ``Problem/behind`` where there is no look in time. The database is not read instead: it would be by all polls at once.
    private func afterLook(_ call: Call) async throws(Problem) -> Call {
        guard await context.feedClock.nextLook(within: Self.longestLook) else { throw .behind }
        return call.beginningAgain(in: context.store.epoch)
    }

    /// How many steps an answer takes after the first that is pending, where all say that nothing is new: what was read is in memory then,
    /// unless it was evicted at once.
    private static let mostSteps = 4
    /// How often the store is read for one wait. Where more polls wait than the index has entries for, each would evict the state of another
    /// for ever.
    private static let mostReadsOfWait = 8

    private func answer(
        _ call: Call, after work: @Sendable () async throws -> Step, in place: WaitingPlaces.Place?,
        _ begin: @escaping @Sendable (Call) throws -> Step
    ) async throws -> Reply {
        var (call, step) = (call, try await work())
        let mayWait = call.mayWait && (place?.countRead() ?? 0) <= Self.mostReadsOfWait
        for _ in 1...Self.mostSteps where mayWait {
            switch step {
            case .response(let response) where response.hasNothingNew:
                if call.mayBeAhead { call = try await afterLook(call) }
                step = try begin(call)
            case .response(let response): return .response(charged(response, call))
            case .unchanged(let unchanged): return try wait(call, for: unchanged, in: place, begin)
            case .behind:
                call = try await afterLook(call)
                step = try begin(call)
            case .pending(let work): step = try await work()
            }
        }
        let response = paced(try await finish(step, of: call, begin), call)
        return place != nil && response.hasNothingNew ? .evicted(response) : .response(response)
    }

    private func finish(
        _ step: Step, of call: Call, _ begin: @Sendable (Call) throws -> Step
    ) async throws -> Response {
        var (call, step) = (call, step)
        while true {
            switch step {
            case .response(let response): return response
            case .unchanged(let unchanged): return try unchanged.response()
            case .behind:
                call = try await afterLook(call)
                step = try begin(call)
            case .pending(let work): step = try await work()
            }
        }
    }

    func charged(_ response: Response, _ call: Call) -> Response {
        gate.charge(call.caller, call.request, size: response.uncodedSize)
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

    /// The same fields for answers that may be compressed: all that a caller gets, but for problems.
    private func negotiated(_ common: [Response.Field]) -> [Response.Field] {
        common.map {
            $0.name == "Vary" ? Response.Field($0.name, "\(gate.vary), Accept-Encoding, Origin") : $0
        }
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

    func problem(
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
        let applied = endpoint.isPoll ? Preference.applied(wait: wait(of: request)) : nil
        return problem.response(common + [applied].compactMap(\.self), at: endpoint)
    }
}
