import CMicroHTTPD
import Glibc
import HTTP

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
