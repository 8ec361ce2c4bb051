import CMicroHTTPD
import MessagingHTTP

/// What the header fields of one request say: those that are handed on, and those that frame its body.
struct RequestHead {
    private(set) var fields = RequestFields()
    /// The declared length of the body, if there is one.
    private(set) var contentLength: Int?
    private var lengths = 0
    private var encodings = 0
    private var hosts = 0
    private var hasStrangeEncoding = false
    private var hasStrangeName = false

    /// Why it cannot be relied on, if so. Where two readers could disagree about which fields there are or where the body ends,
    /// requests can be smuggled past one of them, so the connection ends with such a request.
    var refusal: TransportRefusal? {
        // For any other encoding the library waits for a body that ends with the connection (RFC 9112, section 6.3).
        if lengths + encodings > 1 || hasStrangeEncoding { return .ambiguousLength }
        // RFC 9112, sections 3.2 and 5.1.
        return hosts > 1 || hasStrangeName ? .malformedHead : nil
    }

    /// Reads all header fields in one pass.
    mutating func read(from connection: OpaquePointer) {
        withUnsafeMutablePointer(to: &self) {
            _ = MHD_get_connection_values_n(connection, .HEADER_KIND, headerField, $0)
        }
    }

    fileprivate mutating func add(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        if let field = RequestField(matching: name) {
            if field == .host { hosts += 1 }
            fields.append(field, value)
        } else if name.isName("content-length") {
            lengths += 1
            contentLength = Int(decimal: value)
        } else if name.isName("transfer-encoding") {
            encodings += 1
            if !value.isName("chunked") { hasStrangeEncoding = true }
        } else if name.isEmpty || name.contains(where: { $0 <= 0x20 }) {
            hasStrangeName = true
        }
    }
}

/// Called for each header field; the lengths are the library's, so a value may hold any byte.
private func headerField(
    context: UnsafeMutableRawPointer?, kind: MHD_ValueKind, name: UnsafePointer<CChar>?, nameSize: Int,
    value: UnsafePointer<CChar>?, valueSize: Int
) -> MHD_Result {
    guard let head = context?.assumingMemoryBound(to: RequestHead.self) else { return .NO }
    head.pointee.add(
        name: UnsafeRawBufferPointer(start: name, count: nameSize),
        value: UnsafeRawBufferPointer(start: value, count: valueSize).trimmingEnd())
    return .YES
}

extension Int {
    /// A number of plain digits, all of it; nil for anything else, and where it does not fit.
    fileprivate init?(decimal text: UnsafeRawBufferPointer) {
        guard !text.isEmpty else { return nil }
        var number = 0
        for byte in text {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (tens, first) = number.multipliedReportingOverflow(by: 10)
            let (sum, second) = tens.addingReportingOverflow(Int(byte - 0x30))
            guard !first, !second else { return nil }
            number = sum
        }
        self = number
    }
}
