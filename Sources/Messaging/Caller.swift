/// Who asks: a user within a tenant.
public struct Caller: Hashable, Sendable {
    /// The namespace of everything the caller names.
    public let tenant: TenantID
    /// The caller's own id.
    public let user: UserID

    /// Puts a caller together.
    public init(tenant: TenantID = .none, user: UserID) {
        self.tenant = tenant
        self.user = user
    }
}
