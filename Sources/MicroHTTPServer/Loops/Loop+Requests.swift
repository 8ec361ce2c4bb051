import CMicroHTTPD
import Glibc
import HTTP

/// The processing of a request, from its header fields to its answer.
extension Loop {
    /// How much of a body that is too large is still read, in bytes, so that the client gets the refusal.
    private var drainLimit: Int { max(configuration.bodyLimit, 16 << 20) }

    /// Called by the library when the head is here, for each part of the body, at the end of it, and when resumed.
    func access(
        _ connection: Connection, _ handle: OpaquePointer, method: UnsafePointer<CChar>?,
        part: UnsafeRawBufferPointer
    ) -> MHD_Result {
        switch connection.phase {
        case .head: readHead(connection, handle, method: method)
        case .body where part.isEmpty: answer(connection, handle)
        case .body: readBody(connection, part)
        case .suspended(let pending): resume(connection, handle, pending)
        case .idle, .answered: .NO
        }
    }

    /// Answers nothing as a rule: an answer to the first call would close the connection.
    private func readHead(
        _ connection: Connection, _ handle: OpaquePointer, method: UnsafePointer<CChar>?
    ) -> MHD_Result {
        connection.receivedAt = now
        connection.readHead(method: method)
        connection.measure(memory)
        let extent = connection.reader.current
        // The library and our own reader must agree on the end of the head.
        guard extent.isHeadComplete, extent.head == mhd_head_size(handle) else {
            return refuseEarly(connection, handle, because: .malformedHead)
        }
        guard extent.hasBody, let incoming = connection.incoming else { return .YES }
        if let length = extent.length, length > configuration.bodyLimit {
            return refuseEarly(connection, handle, because: .bodyTooLarge(limit: configuration.bodyLimit))
        }
        guard fits(connection) else { return refuseEarly(connection, handle, because: .headTooLarge) }
        let request = incoming.request(from: connection.peer, withBody: false)
        if let refusal = handler.refusalAtHead(of: request) {
            connection.refusedEarly = true
            return give(refusal, to: request, connection, handle)
        }
        guard connection.wantsBody else { return .YES }
        connection.bodySource = handler.source(of: request)
        return bodies.isExhausted(for: connection.bodySource)
            ? refuseEarly(connection, handle, because: .tooManyBodies) : .YES
    }

    private func readBody(_ connection: Connection, _ part: UnsafeRawBufferPointer) -> MHD_Result {
        connection.receivedAt = now
        let received = (connection.incoming?.received ?? 0) + part.count
        let isKept = connection.wantsBody && received <= configuration.bodyLimit
        if isKept, connection.bodyBytes == received - part.count,
            bodies.take(part.count, after: connection.bodyBytes, from: connection.bodySource)
        {
            connection.bodyBytes = received
            connection.incoming?.append(part)
        } else {
            bodies.giveBack(connection.bodyBytes, of: connection.bodySource)
            connection.bodyBytes = 0
            connection.incoming?.drop(part)
        }
        return received > drainLimit ? .NO : .YES
    }

    private func answer(_ connection: Connection, _ handle: OpaquePointer) -> MHD_Result {
        let extent = connection.reader.current
        let received = connection.incoming?.received ?? 0
        if extent.hasBody { connection.measure(memory) }
        guard extent.end != nil else { return refuseEarly(connection, handle, because: .malformedHead) }
        guard received <= configuration.bodyLimit else {
            return refuse(connection, handle, because: .bodyTooLarge(limit: configuration.bodyLimit))
        }
        guard connection.bodyBytes == received || !connection.wantsBody else {
            return refuse(connection, handle, because: .tooManyBodies)
        }
        guard fits(connection) else { return refuseEarly(connection, handle, because: .headTooLarge) }
        guard !isPastDeadline else { return refuse(connection, handle, because: .stopping) }
        // Taken out of the connection, so that its bytes have one owner.
        guard let incoming = connection.incoming.take() else { return .NO }
        let request = incoming.request(from: connection.peer, withBody: true)
        switch handler.begin(request) {
        case .response(let response), .evicted(let response):
            let result = give(response, to: request, connection, handle)
            spareFields.keep(request.fields)
            return result
        case .pending(let work): return begin(work, for: request, connection, handle)
        case .waiting(let wait): return begin(wait, for: request, connection, handle)
        }
    }

    // Not inlined, and neither is the next: every idle poll would pay for the copy of the request that only these need.
    @inline(never)
    private func begin(
        _ work: @escaping @Sendable (String?) async -> Reply, for request: Request, _ connection: Connection,
        _ handle: OpaquePointer
    ) -> MHD_Result {
        var request = request
        request.named(by: configuration.makeRequestID)
        counters.suspendedRequests.bump(by: 1)
        perform(work, for: suspend(connection, handle, for: request))
        return .YES
    }

    @inline(never)
    private func begin(
        _ wait: Wait, for request: Request, _ connection: Connection, _ handle: OpaquePointer
    ) -> MHD_Result {
        if let response = answerAtOnce(wait, connection) {
            return give(response, to: request, connection, handle)
        }
        _ = suspend(connection, handle, for: request)
        startWaiting(connection, until: wait)
        return .YES
    }

    /// Whether the answer is certain to fit.
    private func fits(_ connection: Connection) -> Bool {
        // An origin is a part of the head.
        connection.memoryLeft >= ConnectionMemory.answerHead + connection.reader.current.head
            || connection.memoryLeft >= ConnectionMemory.answerHead + (connection.incoming?.fields[.origin]?.count ?? 0)
    }

    /// Suspends a connection, which has to be counted as suspended or waiting; before anything begins that may resume it.
    private func suspend(
        _ connection: Connection, _ handle: OpaquePointer, for request: Request
    ) -> PendingAnswer {
        let pending = PendingAnswer(to: request, for: handle, on: connection, queue)
        connection.phase = .suspended(pending)
        connection.isAnswerDue = true
        MHD_suspend_connection(handle)
        return pending
    }

    /// Begins the work for the answer to a request that is suspended, and named.
    func perform(_ work: @escaping @Sendable (String?) async -> Reply, for pending: PendingAnswer) {
        // Starts on this thread: waking another thread would cost more, and would take its time from this one.
        Task.immediate {
            var reply = await work(pending.request.id)
            while case .pending(let work) = reply { reply = await work(pending.request.id) }
            switch reply {
            case .response(let response): pending.deliver(response)
            case .waiting(let wait): pending.reportWait(wait)
            case .evicted(let response): pending.reportEviction(response)
            case .pending: preconditionFailure("the loop above ends without pending work")
            }
        }
    }

    private func resume(_ connection: Connection, _ handle: OpaquePointer, _ pending: PendingAnswer) -> MHD_Result {
        guard let response = pending.take() else { return .NO }
        connection.isAnswerDue = false
        counters.suspendedRequests.bump(by: -1)
        countWait(connection)
        return give(response, to: pending.request, connection, handle)
    }

    private func refuse(
        _ connection: Connection, _ handle: OpaquePointer, because reason: TransportRefusal
    ) -> MHD_Result {
        guard let incoming = connection.incoming else { return .NO }
        let request = incoming.request(from: connection.peer, withBody: false)
        return give(handler.refuse(request, because: reason), to: request, connection, handle)
    }

    /// Refuses a request after which the connection cannot be used, or whose body is not read.
    private func refuseEarly(
        _ connection: Connection, _ handle: OpaquePointer, because reason: TransportRefusal
    ) -> MHD_Result {
        connection.refusedEarly = true
        return refuse(connection, handle, because: reason)
    }

    private func give(
        _ response: Response, to request: Request, _ connection: Connection, _ handle: OpaquePointer
    ) -> MHD_Result {
        connection.phase = .answered
        // The shared form must not change, so an answer that closes, or names its request, gets one of its own.
        let id = requestID(of: request, response)
        let isLast = isStopping || connection.refusedEarly
        guard
            let prepared = isLast || id != nil
                ? PreparedResponse(response, closing: isLast, requestID: id) : response.prepared
        else { return .NO }
        guard prepared.headSize <= connection.memoryLeft else {
            return giveHeadTooLarge(than: response, to: request, connection, handle)
        }
        let result = prepared.queue(status: response.status, on: handle)
        if result == .YES { gave(response, to: request, named: id, connection) }
        return result
    }

    /// Answers that the head is too large, where it leaves no memory for the answer.
    private func giveHeadTooLarge(
        than response: Response, to request: Request, _ connection: Connection, _ handle: OpaquePointer
    ) -> MHD_Result {
        connection.refusedEarly = true
        let refusal = handler.refuse(request, because: .headTooLarge)
        guard response.status == refusal.status else {
            return give(refusal, to: request, connection, handle)
        }
        givePastLibrary(refusal, to: request, connection)
        return .NO
    }

    /// Hides further input of a connection from the library, and refuses the faulty request once the library is done with those before
    /// it.
    func breakOff(_ connection: Connection) {
        connection.isBroken = true
        connection.receivedAt = now
        broken.append(connection)
    }

    /// Refuses the requests that the library does not see completely, where it is done with those before them.
    func refuseBroken() {
        for connection in broken {
            guard let fault = connection.fault else { continue }
            let request = connection.unfinished.request(from: connection.peer, withBody: false)
            givePastLibrary(handler.refuse(request, because: TransportRefusal(fault)), to: request, connection)
        }
        broken.removeAll(keepingCapacity: true)
    }

    private func givePastLibrary(_ response: Response, to request: Request, _ connection: Connection) {
        let id = requestID(of: request, response)
        connection.refuse(with: response.last(named: id, withBody: request.method != .head), now: now)
        gave(response, to: request, named: id, connection)
    }

    /// The request id of an answer. A shared answer has none, unless the client sent one: making an id for each would cost an idle
    /// poll more than everything else.
    private func requestID(of request: Request, _ response: Response) -> String? {
        request.id ?? (response.isShared ? nil : configuration.makeRequestID())
    }

    private func gave(_ response: Response, to request: Request, named id: String?, _ connection: Connection) {
        let nanoseconds = connection.receivedAt.nanoseconds(until: .now)
        counters.answeredRequests.bump(by: 1)
        counters.meter.answered(request, response, nanoseconds: nanoseconds, second: now.second)
        let seconds = Double(nanoseconds) / 1e9
        guard configuration.observesAll || response.status >= 400 || seconds >= configuration.slowAfter else { return }
        var request = request
        if let id { request.named { id } }
        configuration.observer?.answered(Exchange(request: request, response: response, seconds: seconds))
    }
}
