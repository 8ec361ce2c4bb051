import HTTP

/// The other origins whose pages may use the service (the CORS protocol of the Fetch Standard).
public struct CORSPolicy: Sendable {
    private let origins: [[UInt8]]
    private let allowsAll: Bool
    private let allowsLoopback: Bool

    /// The response fields a page may read, besides those it always may.
    static let exposed =
        "ETag, Link, X-Cursor, X-Poll-Interval, X-Pruned-Up-To, Preference-Applied, X-Request-Id, Idempotency-Replayed, Retry-After, RateLimit, RateLimit-Policy, "
        + "WWW-Authenticate, Accept-Encoding"

    /// The name of the field that says which fields a page may read.
    ///
    /// A `304` to a browser's own condition goes without it, and the page reads what the cached `200` exposes.
    static let exposingField = "Access-Control-Expose-Headers"

    /// The methods that pages may use, whatever the path: a page can read that a method or a path is wrong only if it may ask.
    private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    /// How long a browser may remember a preflight, in seconds; browsers cut it to two hours.
    private static let maxAge = "7200"

    /// Allows exactly these origins, such as `https://app.example.org`; `*` allows every page, but none with cookies.
    ///
    /// - Parameter allowsLoopback: whether pages that come from a web server on the browser's own machine are allowed too, whatever its
    ///   port is.
    public init(origins: [String], allowsLoopback: Bool = false) {
        allowsAll = origins.contains("*")
        self.allowsLoopback = allowsLoopback
        // No page has the origin "*"; taken for one, it would be allowed cookies.
        self.origins = origins.filter { $0 != "*" }.map { Array($0.utf8) }
    }

    /// Whether this origin is allowed by name, or for being of loopback: `*` names none.
    func names(_ origin: ArraySlice<UInt8>) -> Bool {
        if origins.contains(where: { $0[...].hasSameBytes(as: origin) }) { return true }
        guard allowsLoopback, origin.starts(with: "http".utf8) else { return false }
        return (try? WebOrigin(String(decoding: origin, as: UTF8.self)))?.isOfLoopback == true
    }

    /// Whether pages of this origin may read answers.
    func allows(_ origin: ArraySlice<UInt8>) -> Bool { allowsAll || names(origin) }

    /// The fields for every answer to a request, errors too, or a page could not read them.
    func fields(for request: Request) -> [Response.Field] {
        guard let origin = request.fields[.origin], request.fields.count(of: .origin) == 1 else { return [] }
        if names(origin) {
            return [
                Response.Field("Access-Control-Allow-Origin", String(decoding: origin, as: UTF8.self)),
                Response.Field("Access-Control-Allow-Credentials", "true"),
                Response.Field(Self.exposingField, Self.exposed),
            ]
        }
        guard allowsAll else { return [] }
        return [
            Response.Field("Access-Control-Allow-Origin", "*"),
            Response.Field(Self.exposingField, Self.exposed),
        ]
    }

    /// The further fields for the answer to a preflight.
    ///
    /// An allowed origin may send the fields it asks for: front ends have their own, and they are ignored here. Except those of
    /// proxies: a page that could send them would say itself which site it is of.
    func preflightFields(for request: Request) -> [Response.Field] {
        guard let method = request.fields[.accessControlRequestMethod], !fields(for: request).isEmpty else { return [] }
        var methods = Self.methods
        let asked = String(decoding: method, as: UTF8.self)
        if method.allSatisfy(Self.mayStandInName), !asked.isEmpty, !methods.contains(asked) { methods.append(asked) }
        var fields = [
            Response.Field("Access-Control-Allow-Methods", methods.joined(separator: ", ")),
            Response.Field("Access-Control-Max-Age", Self.maxAge),
        ]
        if let asked = request.fields[.accessControlRequestHeaders], !asked.isEmpty,
            asked.allSatisfy({ Self.mayStandInName($0) || ", ".utf8.contains($0) })
        {
            let asked = String(decoding: asked, as: UTF8.self)
            guard !asked.lowercased().contains("x-forwarded-") else { return fields }
            fields.append(Response.Field("Access-Control-Allow-Headers", asked))
        }
        return fields
    }

    /// The characters of field names and methods (RFC 9110, section 5.6.2).
    private static func mayStandInName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension Request {
    /// Whether a script of another origin sees the `304` itself. Where the script has set the condition, and not the browser's cache, browsers
    /// send `Cache-Control` along (Fetch Standard, "HTTP-network-or-cache fetch").
    var showsNotModified: Bool { fields.has(.origin) && fields.has(.cacheControl) }
}
