/// Which other origins' pages may use the service (the CORS protocol of the Fetch Standard).
public struct CORSPolicy: Sendable {
    private let origins: [[UInt8]]
    private let allowsAll: Bool

    /// The response fields a page may read, besides those it always may.
    static let exposed =
        "ETag, Link, X-Cursor, X-Poll-Interval, X-Request-Id, Idempotency-Replayed, Retry-After, RateLimit, RateLimit-Policy, "
        + "WWW-Authenticate"

    /// How long a browser may remember a preflight, in seconds; browsers cut it to two hours.
    private static let maxAge = "7200"

    /// Allows exactly these origins, such as `https://app.example.org`; `*` allows every page, but none with cookies.
    public init(origins: [String]) {
        allowsAll = origins.contains("*")
        // No page has the origin "*"; taken for one, it would be allowed cookies.
        self.origins = origins.filter { $0 != "*" }.map { Array($0.utf8) }
    }

    /// Whether a browser could ever send this as an origin (RFC 6454, section 6.2), or it is `*`.
    public static func isOrigin(_ text: String) -> Bool {
        guard text != "*" else { return true }
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
        let host = text.dropFirst(scheme.count)
        return !host.isEmpty && host == host.lowercased() && !host.contains { "/?#@, ".contains($0) }
    }

    /// Whether this origin is one of those that are allowed by name.
    func names(_ origin: ArraySlice<UInt8>) -> Bool {
        origins.contains { $0[...].hasSameBytes(as: origin) }
    }

    /// The fields for every answer to a request: `304` and errors too, or a page could not read them.
    func fields(for request: Request) -> [Response.Field] {
        guard let origin = request.fields[.origin], request.fields.count(of: .origin) == 1 else { return [] }
        if names(origin) {
            return [
                Response.Field("Access-Control-Allow-Origin", String(decoding: origin, as: UTF8.self)),
                Response.Field("Access-Control-Allow-Credentials", "true"),
                Response.Field("Access-Control-Expose-Headers", Self.exposed),
            ]
        }
        guard allowsAll else { return [] }
        return [
            Response.Field("Access-Control-Allow-Origin", "*"),
            Response.Field("Access-Control-Expose-Headers", Self.exposed),
        ]
    }

    /// The further fields for the answer to a preflight.
    ///
    /// An allowed origin may send the fields it asks for: front ends have their own, and they are ignored here. Except those of
    /// proxies: a page that could send them would say itself which site it is of.
    func preflightFields(for request: Request, methods: String) -> [Response.Field] {
        guard request.fields[.accessControlRequestMethod] != nil, !fields(for: request).isEmpty else { return [] }
        var fields = [
            Response.Field("Access-Control-Allow-Methods", methods),
            Response.Field("Access-Control-Max-Age", Self.maxAge),
        ]
        if let asked = request.fields[.accessControlRequestHeaders], asked.allSatisfy(Self.mayStandInList) {
            let asked = String(decoding: asked, as: UTF8.self)
            guard !asked.lowercased().contains("x-forwarded-") else { return fields }
            fields.append(Response.Field("Access-Control-Allow-Headers", asked))
        }
        return fields
    }

    /// The characters of field names (RFC 9110, section 5.6.2), and those between them in a list.
    private static func mayStandInList(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~, ".utf8.contains(byte)
        }
    }
}
