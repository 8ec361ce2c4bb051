import HTTP
import Messaging

/// Trusts the gateway in front: `X-User-ID` and `X-Tenant-ID`, and users' names, from trusted addresses only.
public final class GatewayIdentity: Identity {
    private let trusted: AddressRanges
    private let profileUpdates: ProfileUpdates

    /// The fields that name the caller.
    public var vary: String { "X-User-ID, X-Tenant-ID" }

    /// Gateways know people by their cookies, which browsers send along whichever page a request comes from.
    public var exposure: CrossSiteExposure { .writes }

    /// - Parameters:
    ///   - trusted: the addresses of gateways.
    ///   - profileUpdates: has the names stored that gateways claim.
    public init(trusted: AddressRanges, profileUpdates: ProfileUpdates) {
        self.trusted = trusted
        self.profileUpdates = profileUpdates
    }

    /// The named user, unless the request says something new about how they are called.
    public func rememberedCaller(of request: Request, _ query: Query?) throws(Problem) -> Caller? {
        let (caller, person) = try read(request)
        return profileUpdates.isSettled(person, of: caller) ? caller : nil
    }

    /// The named user, and how they are called.
    public func caller(of request: Request, _ query: Query) async throws(Problem) -> IdentifiedCaller {
        let (caller, person) = try read(request)
        return IdentifiedCaller(caller) { [profileUpdates] in _ = await profileUpdates.settle(person, of: caller) }
    }

    private func read(_ request: Request) throws(Problem) -> (Caller, Person) {
        guard trusted.contains(request.peer) else {
            throw .unauthenticated("This address is not one of a trusted gateway.")
        }
        guard let text = try request.fields.onlyText(.userID), let user = UserID(text) else {
            throw .unauthenticated("The gateway must say who is asking, in X-User-ID.")
        }
        var tenant = TenantID.none
        if let text = try request.fields.onlyText(.tenantID), !text.isEmpty {
            guard let given = TenantID(text) else { throw Problem(.malformedRequest, "X-Tenant-ID is not a valid id.") }
            tenant = given
        }
        let person = Person(
            id: user, name: try request.fields.onlyText(.userName), company: try request.fields.onlyText(.userCompany))
        return (Caller(tenant: tenant, user: user), person)
    }
}
