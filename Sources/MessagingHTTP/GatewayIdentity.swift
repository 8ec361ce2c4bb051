import Messaging
import Synchronization

/// Believes the gateway in front: `X-User-ID` and `X-Tenant-ID`, and how people are called, from trusted addresses only.
public final class GatewayIdentity: Identity {
    private struct Names: Equatable {
        let name: String?
        let company: String?
    }

    private let trusted: AddressRanges
    private let introduce: Introduction
    private let known: Mutex<LeastRecentlyUsed<Caller, Names>>

    /// The fields that name the caller.
    public var vary: String { "X-User-ID, X-Tenant-ID" }

    /// Gateways know people by their cookies, which browsers send along whichever page a request comes from.
    public var exposure: Exposure { .writes }

    /// - Parameters:
    ///   - trusted: the addresses of gateways.
    ///   - capacity: how many people's names to remember.
    ///   - introduce: stores how somebody is called.
    public init(trusted: AddressRanges, capacity: Int, introduce: @escaping Introduction) {
        self.trusted = trusted
        self.introduce = introduce
        known = Mutex(LeastRecentlyUsed(capacity: capacity))
    }

    /// The named user, unless the request says something new about how they are called.
    public func rememberedCaller(of request: Request, _ query: Query?) throws(Problem) -> Caller? {
        let (caller, names) = try read(request)
        guard names.name != nil || names.company != nil else { return caller }
        return known.withLock { $0.value(for: caller) } == names ? caller : nil
    }

    /// The named user, once it is stored how they are called.
    public func caller(of request: Request, _ query: Query) async throws(Problem) -> Caller {
        let (caller, names) = try read(request)
        let person = Person(id: caller.user, name: names.name, company: names.company)
        if await introduce(person, caller.tenant) {
            known.withLock { $0.set(caller, to: names) }
        }
        return caller
    }

    private func read(_ request: Request) throws(Problem) -> (Caller, Names) {
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
        let names = Names(
            name: try request.fields.onlyText(.userName), company: try request.fields.onlyText(.userCompany))
        return (Caller(tenant: tenant, user: user), names)
    }
}
