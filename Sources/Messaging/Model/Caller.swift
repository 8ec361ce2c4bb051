/// The user who makes a request, within a tenant.
///
/// Several tables in memory know each of a hundred thousand callers, and every poll looks for its caller in some of them. So a caller is
/// a reference to an object that they share, and that is hashed once.
public struct Caller: Hashable, Sendable {
    private final class Name: Sendable {
        let tenant: TenantID
        let user: UserID
        let hash: Int

        init(tenant: TenantID, user: UserID) {
            self.tenant = tenant
            self.user = user
            var hasher = Hasher()
            hasher.combine(tenant)
            hasher.combine(user)
            hash = hasher.finalize()
        }
    }

    private let name: Name

    /// The namespace of everything the caller names.
    public var tenant: TenantID { name.tenant }
    /// The caller's own id.
    public var user: UserID { name.user }

    /// Creates a caller.
    public init(tenant: TenantID = .none, user: UserID) {
        name = Name(tenant: tenant, user: user)
    }

    /// Whether it is the same user of the same tenant.
    public static func == (lhs: Caller, rhs: Caller) -> Bool {
        if lhs.name === rhs.name { return true }
        return lhs.name.hash == rhs.name.hash && lhs.user == rhs.user && lhs.tenant == rhs.tenant
    }

    /// Hashes who it is.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name.hash)
    }

    /// The hash that is known already.
    public var hashValue: Int { name.hash }
}
