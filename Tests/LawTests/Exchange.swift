import HTTP
import MessagingHTTP
import TestSupport

/// One request, as a front end would write it.
struct TestRequest: Sendable {
    var method: Method = .get
    let user: String
    let url: String
    var ifNoneMatch: String?
    var acceptsGzip = false
    var contentType: String?
    var idempotencyKey: String?
    var prefer: String?
    var body: [UInt8] = []

    /// The request as a server hands it to the service.
    var forService: Request {
        var fields = RequestFields()
        fields.append(.userID, user.utf8)
        if let ifNoneMatch { fields.append(.ifNoneMatch, ifNoneMatch.utf8) }
        if acceptsGzip { fields.append(.acceptEncoding, "gzip, deflate, br".utf8) }
        if let contentType { fields.append(.contentType, contentType.utf8) }
        if let idempotencyKey { fields.append(.idempotencyKey, idempotencyKey.utf8) }
        if let prefer { fields.append(.prefer, prefer.utf8) }
        fields.append(.host, "localhost".utf8)
        return Request(method: method, target: Array(url.utf8), fields: fields, body: body)
    }
}

/// One answer, as a front end would read it.
struct Answer: Sendable, Equatable {
    let status: Int
    let etag: String?
    let cursor: String?
    let link: String?
    let isReplay: Bool
    /// The number up to which messages were pruned, where the answer says so.
    let prunedUpTo: Int?
    let body: [UInt8]
    /// The path that `Link` is relative to; empty where there is none.
    private let path: String

    init(_ response: Response, to request: TestRequest) {
        status = response.status
        etag = response.value(of: "ETag")
        cursor = response.value(of: "X-Cursor")
        link = response.value(of: "Link")
        path = link == nil ? "" : String(request.url.prefix { $0 != "?" })
        prunedUpTo = response.value(of: "X-Pruned-Up-To").flatMap { Int($0) }
        isReplay = response.value(of: "Idempotency-Replayed") == "true"
        body = response.value(of: "Content-Encoding") == "gzip" ? gunzip(response.body) ?? [] : response.body
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The URL that `Link` gives for a relation, if it gives one: another query of the path that was asked.
    func link(_ relation: String) -> String? {
        for part in (link ?? "").split(separator: ", ") where part.hasSuffix("; rel=\"\(relation)\"") {
            return path + part.dropFirst().prefix { $0 != ">" }
        }
        return nil
    }
}
