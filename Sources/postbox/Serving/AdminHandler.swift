import HTTP
import MessagingHTTP
import Metrics

/// What operators' programs ask for, apart from the public port: metrics and probes.
struct AdminHandler: RequestHandler {
    let page: MetricsPage

    func begin(_ request: Request) -> Reply {
        if let refusal = page.service.refuseHost(of: request) { return .response(refusal) }
        guard request.method == .get || request.method == .head else {
            return .response(plain(405, "only GET and HEAD are allowed here", [Response.Field("Allow", "GET, HEAD")]))
        }
        switch LoggedPath.text(of: request.target) {
        case "/metrics":
            return .pending { _ in
                .response(plain(200, page.text(), [Response.Field("Content-Type", Exposition.mediaType)]))
            }
        case "/healthz", "/readyz":
            return page.service.begin(request)
        default:
            return .response(plain(404, "there are /metrics, /healthz and /readyz here"))
        }
    }

    func refusalAtHead(of request: Request) -> Response? {
        guard case .response(let response) = begin(request), response.status >= 400 else { return nil }
        return response
    }

    func refuse(_ request: Request, because reason: TransportRefusal) -> Response {
        page.service.refuse(request, because: reason)
    }

    private func plain(_ status: Int, _ text: String, _ fields: [Response.Field] = []) -> Response {
        let type = fields.contains { $0.name == "Content-Type" } ? [] : [Response.Field("Content-Type", "text/plain")]
        let cache = Response.Field("Cache-Control", "no-store")
        return Response(status: status, fields: type + fields + [cache], body: Array((text + "\n").utf8))
    }
}
