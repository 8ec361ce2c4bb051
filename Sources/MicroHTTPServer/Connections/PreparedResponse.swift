import CMicroHTTPD
import Glibc
import HTTP

/// The library's form of a response: made once, queued as often as the response is given.
final class PreparedResponse: Sendable {
    /// The pointer as a number, which may cross threads: the library counts references to a response under a lock of
    /// its own, and nothing here changes it after it was made.
    private let bits: Int
    /// The most bytes that its head has, those fields included that the library adds: status line, date, length and connection.
    let headSize: Int

    /// Makes the library's response; nil where memory has run out.
    init?(_ response: Response, closing: Bool = false, requestID: String? = nil) {
        let bodiless = response.status == 204 || response.status == 304
        let isWithoutItsBody = response.body.isEmpty && response.sizeOfBody > 0
        let prepared =
            isWithoutItsBody ? mhd_response_to_head(UInt64(response.sizeOfBody)) : Self.make(bodiless ? nil : response)
        guard let made = prepared else { return nil }
        var size = 192
        for field in response.fields {
            Self.add(field.name, field.value, to: made)
            size += field.name.utf8.count + field.value.utf8.count + 4
        }
        if let requestID {
            Self.add(RequestID.fieldName, requestID, to: made)
            size += RequestID.fieldName.utf8.count + requestID.utf8.count + 4
        }
        headSize = size
        if closing { Self.add("Connection", "close", to: made) }
        bits = Int(bitPattern: made)
    }

    /// Adds a field. A string that is passed as a pointer would be copied into an array first.
    private static func add(_ name: String, _ value: String, to response: OpaquePointer) {
        name.withCString { name in value.withCString { value in _ = MHD_add_response_header(response, name, value) } }
    }

    /// Gives the library a body that it need not copy.
    private static func make(_ response: Response?) -> OpaquePointer? {
        guard let response, !response.body.isEmpty else {
            return MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT)
        }
        // The array's memory does not move: the body object that owns it lives until the library releases it, and nothing changes it.
        let body = Unmanaged.passRetained(Body(response.body, response.share))
        let made = response.body.withUnsafeBytes { bytes in
            // The library takes a mutable pointer for all its modes; this one only reads it.
            MHD_create_response_from_buffer_with_free_callback_cls(
                bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), bodyIsOut, body.toOpaque())
        }
        if made == nil { body.release() }
        return made
    }

    deinit { MHD_destroy_response(OpaquePointer(bitPattern: bits)) }

    /// Gives it as the answer to the request that this connection is at; called on the loop thread of the connection.
    func queue(status: Int, on connection: OpaquePointer) -> MHD_Result {
        MHD_queue_response(connection, UInt32(status), OpaquePointer(bitPattern: bits))
    }
}

/// Keeps the bytes of a body in memory.
private final class Body: Sendable {
    let bytes: [UInt8]
    let share: (any AnyObject & Sendable)?

    init(_ bytes: [UInt8], _ share: (any AnyObject & Sendable)?) {
        self.bytes = bytes
        self.share = share
    }
}

/// Called by the library when it no longer needs a body, on any thread.
private func bodyIsOut(_ body: UnsafeMutableRawPointer?) {
    if let body { Unmanaged<Body>.fromOpaque(body).release() }
}

extension Response {
    /// Its prepared form, made on first use; nil where memory has run out.
    var prepared: PreparedResponse? {
        attachment.withLock { attachment in
            if let prepared = attachment as? PreparedResponse { return prepared }
            let prepared = PreparedResponse(self)
            attachment = prepared
            return prepared
        }
    }
}

extension Response {
    /// All of it as it goes out where the library cannot send it: with the fields that the library would add, and after it the
    /// connection closes.
    func last(named requestID: String?, withBody: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(String(cString: MHD_get_reason_phrase_for(UInt32(status))))\r\n"
        head += "Date: \(Self.date())\r\n"
        for field in fields { head += "\(field.name): \(field.value)\r\n" }
        if let requestID { head += "\(RequestID.fieldName): \(requestID)\r\n" }
        head += "Connection: close\r\nContent-Length: \(sizeOfBody)\r\n\r\n"
        return Array(head.utf8) + (withBody ? body : [])
    }

    /// The present time as `Date` says it (RFC 9110, section 5.6.7). No locale is set in this process, so names are English.
    private static func date() -> String {
        var (seconds, parts) = (time(nil), tm())
        gmtime_r(&seconds, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let start = text.baseAddress else { return "" }
            strftime(start, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return String(cString: start)
        }
    }
}
