import HTTP

/// The web page at `/`: the same for all users; it calls the endpoints for everything else.
public struct WebPage: Sendable {
    private let document: PreparedDocument

    /// - Parameters:
    ///   - html: the whole page.
    ///   - contentSecurityPolicy: what a browser may do for it.
    public init(html: [UInt8], contentSecurityPolicy: String) {
        document = PreparedDocument(
            html, type: "text/html; charset=utf-8",
            fields: [
                Response.Field("Content-Security-Policy", contentSecurityPolicy),
                Response.Field("X-Content-Type-Options", "nosniff"),
                Response.Field("Referrer-Policy", "no-referrer"),
                Response.Field("Cross-Origin-Opener-Policy", "same-origin"),
            ])
    }

    func answer(to request: Request, _ cors: CORSPolicy) -> Response { document.answer(to: request, cors) }
}
