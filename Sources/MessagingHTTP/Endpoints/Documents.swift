import HTTP

/// The documents that are the same for all clients: the description of the service, and the web page.
struct Documents: Sendable {
    let description: ServiceDescription?
    let page: WebPage?
    let cors: CORSPolicy

    /// Answers with the OpenAPI description in one of its forms.
    ///
    /// - Throws: `not-found` where there is none.
    func description(_ form: ServiceDescription.Form, _ request: Request) throws(Problem) -> Step {
        guard let description else { throw Problem(.notFound, "There is no description here.") }
        if let response = description.answerFromMemory(form, to: request, cors) { return .response(response) }
        return .pending {
            // To make the document takes a while, and others wait for this thread.
            await Task.yield()
            return description.answer(form, to: request, cors)
        }
    }

    /// Answers with the web page.
    ///
    /// - Throws: `not-found` where there is none.
    func page(_ request: Request) throws(Problem) -> Step {
        guard let page else { throw RequestedRoute.notFound }
        return .response(page.answer(to: request, cors))
    }
}
