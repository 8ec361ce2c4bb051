import CMicroHTTPD
import Glibc
import HTTP

/// A request while it is coming in.
struct IncomingRequest {
    private(set) var method = Method.other
    let target: [UInt8]
    private(set) var fields = RequestFields()
    private(set) var body: [UInt8] = []
    /// Body bytes so far, the dropped ones included.
    private(set) var received = 0

    /// Begins with the raw request target, NUL-terminated.
    init(target: UnsafePointer<CChar>?) {
        self.target = Array(UnsafeRawBufferPointer(start: target, count: target.map { strlen($0) } ?? 0))
    }

    /// Takes the method and the header fields, once all of them have come in.
    mutating func readHead(method: UnsafePointer<CChar>?, fields: RequestFields) {
        self.method = Method(text: method)
        self.fields = fields
    }

    /// Takes the next part of the body.
    mutating func append(_ part: UnsafeRawBufferPointer) {
        received += part.count
        body.append(contentsOf: part)
    }

    /// Counts the next part of a body that is not handed on, and keeps none of it.
    mutating func drop(_ part: UnsafeRawBufferPointer) {
        received += part.count
        body = []
    }

    /// The request as it is handed on.
    consuming func request(from peer: String, withBody: Bool) -> Request {
        Request(method: method, target: target, fields: fields, body: withBody ? body : [], peer: peer)
    }
}

extension Method {
    /// The method with this name; names are case-sensitive (RFC 9110, section 9.1).
    init(text: UnsafePointer<CChar>?) {
        guard let text else {
            self = .other
            return
        }
        self =
            if strcmp(text, "GET") == 0 {
                .get
            } else if strcmp(text, "POST") == 0 {
                .post
            } else if strcmp(text, "PUT") == 0 {
                .put
            } else if strcmp(text, "HEAD") == 0 {
                .head
            } else if strcmp(text, "PATCH") == 0 {
                .patch
            } else if strcmp(text, "OPTIONS") == 0 {
                .options
            } else {
                .other
            }
    }
}
