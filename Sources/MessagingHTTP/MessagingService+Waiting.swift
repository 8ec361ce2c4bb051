import HTTP
import Messaging
import Synchronization

/// Polls that wait for something new (RFC 7240, section 4.3).
extension MessagingService {
    /// How many seconds a poll would wait; nil where it does not ask to, or where nothing waits.
    func wait(of request: Request) -> Int? {
        guard context.settings.longestWait > 0, request.method == .get,
            let seconds = Preference.wait(in: request.fields)
        else { return nil }
        return min(seconds, context.settings.longestWait)
    }

    /// Lets a call wait that has nothing new, if it asks for that and there is a place for it; answers any other at once.
    ///
    /// - Parameters:
    ///   - place: the place of the wait that this one continues.
    ///   - begin: looks at the state again.
    func wait(
        _ call: Call, for unchanged: Unchanged, in place: WaitingPlaces.Place?,
        _ begin: @escaping @Sendable (Call) throws -> Step
    ) throws -> Reply {
        guard call.mayWait else { return .response(charged(try unchanged.response(), call)) }
        let seconds = min(Double(call.wait ?? 0), gate.remainingSeconds(of: call.request))
        guard seconds > 0, let place = place ?? context.waitingPlaces.take(for: call.caller) else {
            return .response(paced(try unchanged.response(), call))
        }
        return .waiting(
            WaitingCall(service: self, call: call, unchanged: unchanged, place: place, begin: begin).wait(seconds))
    }

    /// Begins a call again that waited. It takes no token of a rate limit: its request took one.
    fileprivate func again(
        _ call: Call, in place: WaitingPlaces.Place, _ begin: @escaping @Sendable (Call) throws -> Step
    ) -> Reply {
        // A caller who is not known any more, for the keys have changed or the token was forgotten, has to be admitted anew.
        guard gate.peek(call.request, call.query) == call.caller else { return self.begin(call.request) }
        do {
            return try answer(call.beginningAgain(in: context.store.epoch), in: place, begin)
        } catch {
            return .response(problem(error, call.common, call.request, call.request.id))
        }
    }

    /// What leads to the answer to a call that has waited in vain, where other nodes write: as any other it may have to wait for a look.
    fileprivate func answerOverdue(
        _ call: Call, _ begin: @escaping @Sendable (Call) throws -> Step
    ) -> (@Sendable (String?) async -> Reply)? {
        guard context.feedClock.hasOtherNodes else { return nil }
        var call = call
        call.hasWaited = true
        return { [call] requestID in
            do {
                return try answer(call, begin)
            } catch {
                return .response(problem(error, call.common, call.request, requestID))
            }
        }
    }

    /// The answer to a call that has waited in vain.
    fileprivate func answerUnchanged(_ call: Call, _ unchanged: Unchanged, at end: Wait.End) -> Response {
        do {
            guard context.feedClock.mayAnswer else { throw Problem.behind }
            let response = try unchanged.response()
            switch end {
            case .timeOver: return charged(response, call)
            case .stopping: return unwaited(response, call)
            }
        } catch {
            return problem(error, call.common, call.request, call.request.id)
        }
    }

    /// The answer to a call that has not waited.
    func paced(_ response: Response, _ call: Call) -> Response {
        call.mayWait && response.hasNothingNew ? unwaited(response, call) : charged(response, call)
    }

    /// The answer with nothing new to a call that could not wait: the client comes again at some moment of the ordinary interval, so that
    /// not all come at once.
    private func unwaited(_ response: Response, _ call: Call) -> Response {
        charged(response, call).comingAgain(in: jitter.seconds(upTo: context.pollPace.interval))
    }
}

/// A call that waits: one object, whose references are all that the wait keeps.
private final class WaitingCall: Sendable {
    private let service: MessagingService
    private let call: Call
    private let unchanged: Unchanged
    private let place: WaitingPlaces.Place
    private let begin: @Sendable (Call) throws -> Step

    init(
        service: MessagingService, call: Call, unchanged: Unchanged, place: WaitingPlaces.Place,
        begin: @escaping @Sendable (Call) throws -> Step
    ) {
        self.service = service
        self.call = call
        self.unchanged = unchanged
        self.place = place
        self.begin = begin
        service.context.feedClock.beginWait()
    }

    deinit {
        service.context.feedClock.endWait()
    }

    func wait(_ seconds: Double) -> Wait {
        Wait(
            seconds: seconds, place: place,
            watch: { [self] changed in Watch(unchanged.invalidationToken, changed).begin() },
            again: { [self] in service.again(call, in: place, begin) },
            unchanged: { [self] end in service.answerUnchanged(call, unchanged, at: end) },
            overdue: { [self] in service.answerOverdue(call, begin) })
    }
}

/// Watches what one answer shows, over changes of the same conversation that do not show in it: in a large group every read marker that
/// moves would wake everybody otherwise.
private final class Watch: Sendable {
    private struct State {
        var cancel: (@Sendable () -> Void)?
        var isCancelled = false
    }

    private let token: @Sendable () -> InvalidationToken?
    private let changed: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameter token: makes a token of what the answer shows; nil where that has changed.
    init(_ token: @escaping @Sendable () -> InvalidationToken?, _ changed: @escaping @Sendable () -> Void) {
        self.token = token
        self.changed = changed
    }

    /// Returns what cancels it; nil where there was a change already.
    func begin() -> (@Sendable () -> Void)? {
        guard observe() else { return nil }
        return { [self] in cancel() }
    }

    private func observe() -> Bool {
        guard let cancel = token()?.observe({ [self] in if !observe() { changed() } }) else { return false }
        let isCancelled = state.withLock { state in
            state.cancel = cancel
            return state.isCancelled
        }
        if isCancelled { cancel() }
        return true
    }

    private func cancel() {
        let cancel = state.withLock { state in
            state.isCancelled = true
            return state.cancel.take()
        }
        cancel?()
    }
}
