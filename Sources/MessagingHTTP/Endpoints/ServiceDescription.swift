import HTTP
import Synchronization

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
    func answerFromMemory(_ form: Form, to request: Request, _ cors: CORSPolicy) -> Response? {
        switch form {
        case .yaml: yaml.answer(to: request, cors)
        case .json: json.withLock { $0 }.map { $0.answer(to: request, cors) }
        }
    }

    /// The answer, whatever it takes; called off the loop threads.
    func answer(_ form: Form, to request: Request, _ cors: CORSPolicy) -> Response {
        if let answer = answerFromMemory(form, to: request, cors) { return answer }
        // Not under the lock: a loop thread may be asking for it now, and must not wait.
        let made = PreparedDocument(makeJSON(), type: "application/json")
        json.withLock { $0 = made }
        return made.answer(to: request, cors)
    }
}
