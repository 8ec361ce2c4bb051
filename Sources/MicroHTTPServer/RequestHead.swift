import CMicroHTTPD
import MessagingHTTP

/// The header fields of one request that are handed on.
struct RequestHead {
    private(set) var fields = RequestFields()

    /// Reads all header fields in one pass.
    mutating func read(from connection: OpaquePointer) {
        withUnsafeMutablePointer(to: &self) {
            _ = MHD_get_connection_values_n(connection, .HEADER_KIND, headerField, $0)
        }
    }

    fileprivate mutating func add(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        if let field = RequestField(matching: name) { fields.append(field, value) }
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
