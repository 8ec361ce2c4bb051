import CMicroHTTPD
import MessagingHTTP

/// The library's form of a response: made once, queued as often as the response is given.
final class PreparedResponse: Sendable {
    /// The pointer as a number, which may cross threads: the library counts references to a response under a lock of
    /// its own, and nothing here changes it after it was made.
    private let bits: Int

    /// Puts head and body together; nil where memory has run out.
    init?(_ response: Response, closing: Bool = false, requestID: String? = nil) {
        let bodiless = response.status == 204 || response.status == 304
        let made = response.body.withUnsafeBytes { body in
            // The library takes a mutable pointer for all its modes; this one only reads it.
            MHD_create_response_from_buffer(
                bodiless ? 0 : body.count, UnsafeMutableRawPointer(mutating: body.baseAddress), .RESPMEM_MUST_COPY)
        }
        guard let made else { return nil }
        for field in response.fields { MHD_add_response_header(made, field.name, field.value) }
        if let requestID { MHD_add_response_header(made, RequestID.fieldName, requestID) }
        if closing { MHD_add_response_header(made, "Connection", "close") }
        bits = Int(bitPattern: made)
    }

    deinit { MHD_destroy_response(OpaquePointer(bitPattern: bits)) }

    /// Gives it as the answer to the request that this connection is at; called on the loop thread of the connection.
    func queue(status: Int, on connection: OpaquePointer) -> MHD_Result {
        MHD_queue_response(connection, UInt32(status), OpaquePointer(bitPattern: bits))
    }
}

extension Response {
    /// Its prepared form, made by whoever needs it first; nil where memory has run out.
    var prepared: PreparedResponse? {
        attachment.withLock { attachment in
            if let prepared = attachment as? PreparedResponse { return prepared }
            let prepared = PreparedResponse(self)
            attachment = prepared
            return prepared
        }
    }
}
