import Foundation
import Hummingbird
import JWTKit

/// A request with the user that its token names.
struct PeerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    var user = ""
    var responseEncoder: JSONEncoder { Self.encoder }

    /// With sorted keys: an entity tag promises the same bytes, and in each encoding the keys have another order.
    private static let encoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return encoder
    }()

    init(source: Source) {
        coreContext = .init(source: source)
    }
}

/// Refuses each request without a valid token.
struct Authenticator: RouterMiddleware {
    let keys: JWTKeyCollection

    private struct Claims: JWTPayload {
        let sub: SubjectClaim
        let exp: ExpirationClaim

        func verify(using key: some JWTAlgorithm) throws {
            try exp.verifyNotExpired()
        }
    }

    func handle(
        _ request: Request, context: PeerContext, next: (Request, PeerContext) async throws -> Response
    ) async throws -> Response {
        let scheme = "Bearer "
        guard let field = request.headers[.authorization], field.hasPrefix(scheme),
            let claims = try? await keys.verify(String(field.dropFirst(scheme.count)), as: Claims.self)
        else { throw HTTPError(.unauthorized) }
        var context = context
        context.user = claims.sub.value
        return try await next(request, context)
    }
}
