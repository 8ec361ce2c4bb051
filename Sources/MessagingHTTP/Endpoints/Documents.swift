import HTTP
import Synchronization

/// The documents that are the same for all clients: the description of the service, the client module, and the web page.
struct Documents: Sendable {
    let description: ServiceDescription?
    let module: ClientModule?
    let page: WebPage?
    let settings: ServiceSettings

    /// Answers with the OpenAPI description in one of its forms.
    ///
    /// - Throws: `not-found` where there is none.
    func description(_ form: ServiceDescription.Form, _ request: Request) throws(Problem) -> Step {
        guard let description else { throw Problem(.notFound, "There is no description here.") }
        if let response = description.answerFromMemory(form, to: request, settings) { return .response(response) }
        return .pending {
            // To make the document takes a while, and others wait for this thread.
            await Task.yield()
            return .response(description.answer(form, to: request, settings))
        }
    }

    /// Answers with a part of the client module.
    ///
    /// - Throws: `not-found` where there is none.
    func module(_ part: ClientModule.Part, _ request: Request) throws(Problem) -> Step {
        guard let module else { throw RequestedRoute.notFound }
        return .response(module.answer(part, to: request, settings))
    }

    /// Answers with the web page.
    ///
    /// - Throws: `not-found` where there is none.
    func page(_ request: Request) throws(Problem) -> Step {
        guard let page else { throw RequestedRoute.notFound }
        return .response(page.answer(to: request, settings))
    }
}

/// The OpenAPI description of the service: one document in two forms, the same for all clients.
public final class ServiceDescription: Sendable {
    /// How the document is written down.
    public enum Form: Equatable, Sendable {
        case yaml, json
    }

    private let yaml: PreparedDocument
    private let json = Mutex<PreparedDocument?>(nil)
    private let makeJSON: @Sendable () -> [UInt8]

    /// - Parameters:
    ///   - yaml: the document.
    ///   - makeJSON: the same document as JSON; asked for by the first who want it, off the loop threads.
    public init(yaml: [UInt8], makeJSON: @escaping @Sendable () -> [UInt8]) {
        self.yaml = PreparedDocument(yaml, type: "application/yaml")
        self.makeJSON = makeJSON
    }

    /// The answer, unless the form has yet to be made.
    func answerFromMemory(_ form: Form, to request: Request, _ settings: ServiceSettings) -> Response? {
        switch form {
        case .yaml: yaml.answer(to: request, settings)
        case .json: json.withLock { $0 }.map { $0.answer(to: request, settings) }
        }
    }

    /// The answer, whatever it takes; called off the loop threads.
    func answer(_ form: Form, to request: Request, _ settings: ServiceSettings) -> Response {
        if let answer = answerFromMemory(form, to: request, settings) { return answer }
        // Not under the lock: a loop thread may be asking for it now, and must not wait.
        let made = PreparedDocument(makeJSON(), type: "application/json")
        json.withLock { $0 = made }
        return made.answer(to: request, settings)
    }
}

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

    func answer(to request: Request, _ settings: ServiceSettings) -> Response { document.answer(to: request, settings) }
}
