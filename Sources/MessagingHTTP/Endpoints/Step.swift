import HTTP

/// The result of the part of a call that needs no waiting: a response, or pending work. The work keeps the route, the caller and the
/// view, so that nothing is read or decided twice.
enum Step {
    case response(Response)
    case pending(@Sendable () async throws -> Response)

    /// The answer, whatever it takes.
    func finish() async throws -> Response {
        switch self {
        case .response(let response): response
        case .pending(let work): try await work()
        }
    }
}
