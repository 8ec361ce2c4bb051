import HTTP

extension RequestHandler {
    /// Answers a request to the end, as a server does; a wait for a change is over at once.
    package func answer(_ request: Request) async -> Response {
        var reply = begin(request)
        while true {
            switch reply {
            case .response(let response), .evicted(let response): return response
            case .pending(let work): reply = await work(request.id)
            case .waiting(let wait):
                guard let work = wait.overdue() else { return wait.unchanged(.timeOver) }
                reply = await work(request.id)
            }
        }
    }
}
