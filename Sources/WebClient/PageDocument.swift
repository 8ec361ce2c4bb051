import Crypto
import Foundation

/// The page for people; `page.html`, beside this file, is all of it.
public enum PageDocument {
    private static let source = String(decoding: PackageResources.page_html, as: UTF8.self)

    /// The page as it goes out.
    ///
    /// - Parameter identity: how requests to this server say who is asking: `demo`, `gateway` or `jwt`.
    public static func html(identity: String) -> [UInt8] {
        let attribute = "data-identity=\"\(identity)\""
        return Array(source.replacing("data-identity=\"demo\"", with: attribute, maxReplacements: 1).utf8)
    }

    /// What a browser may do for this page: run its one script and the module that this imports, apply its one style
    /// sheet, talk to this server.
    ///
    /// Content Security Policy Level 3. No text can become markup or script by accident, because the places that would
    /// parse it (`innerHTML` and the like) refuse every string.
    public static let contentSecurityPolicy = [
        "default-src 'none'",
        "script-src 'self' \(hash(of: "script type=\"module\""))",
        "style-src \(hash(of: "style"))",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ].joined(separator: "; ")

    /// The hash source of what stands inside the one element with this start tag (section 2.3.1 of the same).
    static func hash(of element: String) -> String {
        guard let start = source.firstRange(of: "<\(element)>"),
            let end = source[start.upperBound...].firstRange(of: "</\(element.prefix { $0 != " " })>")
        else { preconditionFailure("the page has no <\(element)>") }
        let digest = SHA256.hash(data: Data(source[start.upperBound..<end.lowerBound].utf8))
        return "'sha256-\(Data(digest).base64EncodedString())'"
    }
}
