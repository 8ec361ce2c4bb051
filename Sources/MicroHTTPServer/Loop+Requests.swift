import CMicroHTTPD
import Glibc
import MessagingHTTP

/// What happens to a request, from its header fields to its answer.
extension Loop {
    /// How much of a body that is too large is still read, in bytes, so that its sender can be told.
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
        connection.incoming?.readHead(of: handle, method: method)
        connection.phase = .body
        if let refusal = connection.incoming?.head.refusal {
            connection.refusedEarly = true
            return refuse(connection, handle, because: refusal)
        }
        let length = connection.incoming?.head.contentLength ?? 0
        guard length > configuration.bodyLimit else { return .YES }
        connection.refusedEarly = true
        return refuse(connection, handle, because: .bodyTooLarge(limit: configuration.bodyLimit))
    }

    private func readBody(_ connection: Connection, _ part: UnsafeRawBufferPointer) -> MHD_Result {
        connection.receivedAt = now
        connection.incoming?.append(part, limit: configuration.bodyLimit)
        return (connection.incoming?.received ?? 0) > drainLimit ? .NO : .YES
    }

    private func answer(_ connection: Connection, _ handle: OpaquePointer) -> MHD_Result {
        guard (connection.incoming?.received ?? 0) <= configuration.bodyLimit else {
            return refuse(connection, handle, because: .bodyTooLarge(limit: configuration.bodyLimit))
        }
        // The request is all that is needed from here on; this leaves its bytes with one owner.
        guard let incoming = connection.incoming.take() else { return .NO }
        let request = incoming.request(from: connection.peer, withBody: true)
        if let response = handler.answerFromMemory(request) { return give(response, to: request, connection, handle) }
        suspend(connection, handle, for: request)
        return .YES
    }

    private func suspend(_ connection: Connection, _ handle: OpaquePointer, for request: Request) {
        var request = request
        request.named(by: configuration.makeRequestID)
        let pending = PendingAnswer(to: request, for: handle, signal: signal)
        connection.phase = .suspended(pending)
        counters.suspendedRequests.bump(by: 1)
        // Before the task is made: it may be done before this returns.
        MHD_suspend_connection(handle)
        // Begins here and now: another thread would have to be woken for it, and would take this one's turn.
        Task.immediate { [handler] in pending.deliver(await handler.answer(pending.request)) }
    }

    private func resume(_ connection: Connection, _ handle: OpaquePointer, _ pending: PendingAnswer) -> MHD_Result {
        guard let response = pending.take() else { return .NO }
        counters.suspendedRequests.bump(by: -1)
        return give(response, to: pending.request, connection, handle)
    }

    private func refuse(
        _ connection: Connection, _ handle: OpaquePointer, because reason: TransportRefusal
    ) -> MHD_Result {
        guard let incoming = connection.incoming else { return .NO }
        let request = incoming.request(from: connection.peer, withBody: false)
        return give(handler.refuse(request, because: reason), to: request, connection, handle)
    }

    private func give(
        _ response: Response, to request: Request, _ connection: Connection, _ handle: OpaquePointer
    ) -> MHD_Result {
        connection.phase = .answered
        // The shared form must not change, so an answer that closes, or names its request, gets one of its own.
        let id = requestID(of: request, response)
        let isOwn = isStopping || id != nil
        guard
            let prepared = isOwn
                ? PreparedResponse(response, closing: isStopping, requestID: id) : response.prepared
        else { return .NO }
        let result = prepared.queue(status: response.status, on: handle)
        if result == .YES { gave(response, to: request, named: id, connection) }
        return result
    }

    /// The name that goes out with an answer. One that answers many requests has none, unless the client gave one: to make it
    /// anew for each would cost an idle poll more than all the rest.
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
