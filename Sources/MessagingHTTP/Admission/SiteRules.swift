import HTTP
import Messaging

/// Refuses what pages of other sites have browsers send, as far as the identity is exposed to it.
struct SiteRules: Sendable {
    let exposure: CrossSiteExposure
    let cors: CORSPolicy
    /// The addresses whose `X-Forwarded-Host` and `X-Forwarded-Proto` are trusted.
    let trustedProxies: AddressRanges

    /// The header fields that are read here and nowhere else; none where the identity is not exposed.
    var fields: Set<RequestField> { exposure == .nothing ? [] : Self.fields }

    /// The header fields that say which site a request is for and which it is from, but for `Origin`.
    static let fields: Set<RequestField> = [.host, .secFetchSite, .forwardedHost, .forwardedProto]

    /// In demo identity, accepts only loopback names and addresses: an attacker may have pointed any other name at this machine.
    ///
    /// A target in absolute form names a host too. It counts beside `Host`, not in its place as in RFC 9112, section 3.2.2: no client of
    /// a demo needs one of them to be foreign.
    ///
    /// - Throws: `misdirected-request`.
    func checkHost(_ request: Request) throws(Problem) {
        guard exposure == .everything else { return }
        var named = [request.fields[.host] ?? []]
        if let authority = RequestTarget(request.target).authority { named.append(authority) }
        for name in named where Authority(name)?.isLoopback != true { throw Self.misdirected(name) }
    }

    /// Lets a write pass unless it comes from a page of another site that no `--cors-origin` names.
    ///
    /// Browsers send the origin of a write in `Origin` or `Sec-Fetch-Site` (Fetch Standard, section 3.2; Fetch Metadata Request
    /// Headers, section 2.4). Servers and command lines send neither, and do not send another user's cookies.
    /// - Throws: `cross-site`.
    func checkWrite(_ request: Request) throws(Problem) {
        guard exposure != .nothing, !request.method.isSafe else { return }
        let (origins, sites) = (request.fields.all(.origin), request.fields.all(.secFetchSite))
        if origins.isEmpty, sites.isEmpty { return }
        // Two values of one field are refused: either may be the browser's.
        guard origins.count <= 1, sites.count <= 1 else { throw Self.crossSite(nil) }
        if let site = sites.first, site.hasSameBytes(as: "same-origin") || site.hasSameBytes(as: "none") { return }
        guard let origin = origins.first, cors.names(origin) || isOwn(origin, of: request) else {
            throw Self.crossSite(origins.first)
        }
    }

    /// The origin of a page that asks and may not read the answer; nil where none does.
    ///
    /// A browser sends the origin of a read only where it differs from the server's. For a WebSocket it always sends it.
    func refusedReader(of request: Request) -> ArraySlice<UInt8>? {
        guard request.method.isSafe, request.fields.count(of: .origin) == 1, let origin = request.fields[.origin],
            !cors.allows(origin), exposure == .nothing || !isOwn(origin, of: request)
        else { return nil }
        return origin
    }

    /// Whether an origin is that of the host the request was sent to.
    ///
    /// Where a proxy has ended TLS, the scheme is known only if it says so. `https` excludes a page that was not encrypted;
    /// `http` excludes nothing, since it may be a second proxy's word about the first.
    private func isOwn(_ origin: ArraySlice<UInt8>, of request: Request) -> Bool {
        let isTrusted = trustedProxies.contains(request.peer)
        let isEncrypted = isTrusted && only(.forwardedProto, of: request)?.hasSameBytes(as: "https") == true
        for (scheme, port) in isEncrypted ? [("https://", 443)] : [("https://", 443), ("http://", 80)]
        where origin.starts(with: scheme.utf8) {
            let asked = (isTrusted ? only(.forwardedHost, of: request) : nil) ?? only(.host, of: request)
            guard let page = Authority(origin.dropFirst(scheme.utf8.count)), let own = asked.flatMap(Authority.init)
            else { return false }
            return page.isSame(as: own, defaultPort: UInt16(port))
        }
        return false
    }

    /// The value of a field where there is one only, not a list.
    private func only(_ field: RequestField, of request: Request) -> ArraySlice<UInt8>? {
        guard request.fields.count(of: field) == 1, let value = request.fields[field],
            !value.contains(UInt8(ascii: ","))
        else { return nil }
        return value
    }

    private static func misdirected(_ name: ArraySlice<UInt8>) -> Problem {
        let shown = name.isEmpty ? "no host" : "\"\(PercentEncoding.visible(name.prefix(100)))\""
        return Problem(
            .misdirectedRequest,
            "With --identity demo only loopback names and addresses are answered, such as localhost and 127.0.0.1; "
                + "this request is for \(shown).")
    }

    private static func crossSite(_ origin: ArraySlice<UInt8>?) -> Problem {
        guard let origin, let name = (try? WebOrigin(String(decoding: origin, as: UTF8.self)))?.text else {
            return Problem(
                .crossSite,
                "This write comes from a page of another site, which does not say which. A page that may write here is named with "
                    + "--cors-origin.")
        }
        return Problem(
            .crossSite,
            "This write comes from a page of \(name), which is another site. If it may write here, start the server with "
                + "--cors-origin \(name); if it is this site, the proxy in between must pass on Host.")
    }
}
