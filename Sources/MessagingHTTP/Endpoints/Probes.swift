import HTTP

/// `GET /healthz` and `GET /readyz`, for operators' programs.
struct Probes {
    let context: Context

    /// Answers whether the event loops respond.
    ///
    /// - Throws: `overloaded`.
    func health(_ common: [Response.Field]) throws(Problem) -> Step {
        guard context.environment.loopsResponsive() else { throw .stuck }
        return .response(text("ok\n", common))
    }

    /// Answers whether the store reads and writes.
    func readiness(_ common: [Response.Field]) -> Step {
        .pending {
            if let fault = await context.store.checkReadiness() { throw Problem(fault) }
            return .response(text("ready\n", common))
        }
    }

    private func text(_ text: String, _ common: [Response.Field]) -> Response {
        let fields = [Response.Field("Content-Type", "text/plain"), Response.Field("Cache-Control", "no-store")]
        return Response(status: 200, fields: fields + common, body: Array(text.utf8))
    }
}
