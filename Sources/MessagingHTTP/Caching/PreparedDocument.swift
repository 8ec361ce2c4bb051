import Compression
import HTTP

/// A document that is the same for all clients, with prepared responses that are shared.
struct PreparedDocument: Sendable {
    /// The responses for one form of the body.
    private struct Form: Sendable {
        let tag: EntityTag
        let whole: Response
        let notModified: Response
    }

    /// The document where the server compresses nothing.
    private let only: Form
    private let plain: Form
    /// Nil where the document is small, or there was no memory to compress it.
    private let gzip: Form?

    /// Compresses the document, which takes some milliseconds.
    ///
    /// - Parameters:
    ///   - type: the media type.
    ///   - fields: further header fields of the whole document.
    init(_ bytes: [UInt8], type: String, fields further: [Response.Field] = []) {
        var fingerprint = Fingerprint()
        fingerprint.combine(String(decoding: bytes, as: UTF8.self))
        for field in further { fingerprint.combine(field.value) }
        let tag = EntityTag(text: "\"\(fingerprint.text)\"")
        func form(_ form: BodyForm, _ body: [UInt8]) -> Form {
            let tag = tag.of(form)
            let coding = form == .gzip ? [Response.Field("Content-Encoding", "gzip")] : []
            let fields = [
                Response.Field("ETag", tag.text), Response.Field("Cache-Control", "no-cache"),
                Response.Field("Vary", form == .only ? "Origin" : "Accept-Encoding, Origin"),
            ]
            return Form(
                tag: tag,
                whole: Response(
                    status: 200, fields: [Response.Field("Content-Type", type)] + coding + fields + further, body: body,
                    isShared: true),
                notModified: Response(status: 304, fields: fields, isShared: true))
        }
        only = form(.only, bytes)
        plain = form(.plain, bytes)
        let compressed = bytes.count < AcceptedCoding.smallest ? nil : Gzip.compress(bytes, effort: .thorough)
        gzip = compressed.map { form(.gzip, $0) }
    }

    /// The document, or that it has not changed.
    func answer(to request: Request, _ settings: ServiceSettings) -> Response {
        let form = form(for: AcceptedCoding.of(request, isOn: settings.compresses))
        let answer = form.tag.isKnown(to: request) ? form.notModified : form.whole
        var allowed = settings.cors.fields(for: request)
        if answer.status == 304, !request.showsNotModified { allowed.removeAll { $0.name == CORSPolicy.exposingField } }
        guard !allowed.isEmpty else { return answer }
        return Response(status: answer.status, fields: answer.fields + allowed, body: answer.body)
    }

    private func form(for coding: AcceptedCoding) -> Form {
        guard let gzip else { return only }
        return switch coding {
        case .off: only
        case .identity: plain
        case .gzip, .gzipOnly: gzip
        }
    }
}
