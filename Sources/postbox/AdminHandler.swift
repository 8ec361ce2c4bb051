import MessagingHTTP
import Metrics

/// What operators' programs ask for, apart from the public port: metrics and probes.
struct AdminHandler: RequestHandler {
    let page: MetricsPage

    func answerFromMemory(_ request: Request) -> Response? {
        if let refusal = page.service.refuseHost(of: request) { return refusal }
        guard request.method == .get || request.method == .head else {
            return plain(405, "only GET and HEAD are allowed here", [Response.Field("Allow", "GET, HEAD")])
        }
        return switch LoggedPath.text(of: request.target) {
        case "/metrics", "/readyz": nil
        case "/healthz": page.service.answerFromMemory(request)
        default: plain(404, "there are /metrics, /healthz and /readyz here")
        }
    }

    func answer(_ request: Request) async -> Response {
        guard LoggedPath.text(of: request.target) == "/metrics" else { return await page.service.answer(request) }
        return plain(200, page.text(), [Response.Field("Content-Type", Exposition.mediaType)])
    }

    func refusalAtHead(of request: Request) -> Response? {
        answerFromMemory(request).flatMap { $0.status >= 400 ? $0 : nil }
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
