import Synchronization

/// The description of the service, for those who generate clients: one document in two forms, the same for everybody.
public final class ServiceDescription: Sendable {
    /// How the document is written down.
    public enum Form: Equatable, Sendable {
        case yaml, json
    }

    /// One form, ready to go out; the responses are shared, since they say the same to whoever asks.
    private struct Prepared {
        let tag: EntityTag
        let whole: Response
        let notModified: Response

        init(_ bytes: [UInt8], type: String) {
            var fingerprint = Fingerprint()
            fingerprint.combine(String(decoding: bytes, as: UTF8.self))
            tag = EntityTag(text: "\"\(fingerprint.text)\"")
            let fields = [
                Response.Field("ETag", tag.text), Response.Field("Cache-Control", "no-cache"),
                Response.Field("Vary", "Origin"),
            ]
            whole = Response(status: 200, fields: [Response.Field("Content-Type", type)] + fields, body: bytes)
            notModified = Response(status: 304, fields: fields)
        }
    }

    private let yaml: Prepared
    private let json = Mutex<Prepared?>(nil)
    private let makeJSON: @Sendable () -> [UInt8]

    /// - Parameters:
    ///   - yaml: the document.
    ///   - makeJSON: the same document as JSON; asked for by the first who want it, off the loop threads.
    public init(yaml: [UInt8], makeJSON: @escaping @Sendable () -> [UInt8]) {
        self.yaml = Prepared(yaml, type: "application/yaml")
        self.makeJSON = makeJSON
    }

    /// The answer, unless the form has yet to be made.
    func answerFromMemory(_ form: Form, to request: Request, _ cors: CORSPolicy) -> Response? {
        switch form {
        case .yaml: answer(yaml, to: request, cors)
        case .json: json.withLock { $0 }.map { answer($0, to: request, cors) }
        }
    }

    /// The answer, whatever it takes; called off the loop threads.
    func answer(_ form: Form, to request: Request, _ cors: CORSPolicy) -> Response {
        if let answer = answerFromMemory(form, to: request, cors) { return answer }
        // Not under the lock: a loop thread may be asking for it now, and must not wait.
        let made = Prepared(makeJSON(), type: "application/json")
        json.withLock { $0 = made }
        return answer(made, to: request, cors)
    }

    private func answer(_ form: Prepared, to request: Request, _ cors: CORSPolicy) -> Response {
        let answer = form.tag.isKnown(to: request) ? form.notModified : form.whole
        let allowed = cors.fields(for: request)
        guard !allowed.isEmpty else { return answer }
        return Response(status: answer.status, fields: answer.fields + allowed, body: answer.body)
    }
}
