import HTTP

/// A document that is the same for all clients, with prepared responses that are shared.
struct PreparedDocument: Sendable {
    private let tag: EntityTag
    private let whole: Response
    private let notModified: Response

    /// - Parameters:
    ///   - type: the media type.
    ///   - fields: further header fields of the whole document.
    init(_ bytes: [UInt8], type: String, fields further: [Response.Field] = []) {
        var fingerprint = Fingerprint()
        fingerprint.combine(String(decoding: bytes, as: UTF8.self))
        for field in further { fingerprint.combine(field.value) }
        tag = EntityTag(text: "\"\(fingerprint.text)\"")
        let fields = [
            Response.Field("ETag", tag.text), Response.Field("Cache-Control", "no-cache"),
            Response.Field("Vary", "Origin"),
        ]
        whole = Response(
            status: 200, fields: [Response.Field("Content-Type", type)] + fields + further, body: bytes, isShared: true)
        notModified = Response(status: 304, fields: fields, isShared: true)
    }

    /// The document, or that it has not changed.
    func answer(to request: Request, _ cors: CORSPolicy) -> Response {
        let answer = tag.isKnown(to: request) ? notModified : whole
        let allowed = cors.fields(for: request)
        guard !allowed.isEmpty else { return answer }
        return Response(status: answer.status, fields: answer.fields + allowed, body: answer.body)
    }
}
