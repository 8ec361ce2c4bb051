import HTTP

/// The client module that web pages import, and its types: the same for all clients.
public struct ClientModule: Sendable {
    /// Which of its files.
    public enum Part: Equatable, Sendable {
        case script, types
    }

    private let script: PreparedDocument
    private let types: PreparedDocument

    /// - Parameters:
    ///   - script: the ES module.
    ///   - types: its declarations for TypeScript.
    public init(script: [UInt8], types: [UInt8]) {
        let fields = [Response.Field("X-Content-Type-Options", "nosniff")]
        self.script = PreparedDocument(script, type: "text/javascript; charset=utf-8", fields: fields)
        self.types = PreparedDocument(types, type: "application/typescript; charset=utf-8", fields: fields)
    }

    func answer(_ part: Part, to request: Request, _ settings: ServiceSettings) -> Response {
        switch part {
        case .script: script.answer(to: request, settings)
        case .types: types.answer(to: request, settings)
        }
    }
}
