import HTTP

/// How far a call of an endpoint has come without waiting. What is pending keeps what is known so far, so that nothing is read or decided twice.
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
