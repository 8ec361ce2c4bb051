/// Which conversations to prune.
public enum PruneScope: Sendable, Equatable {
    /// Every conversation of every tenant.
    case everything
    /// Every conversation of a tenant.
    case tenant(TenantID)
    /// These conversations of a tenant.
    case conversations([ConversationID], TenantID)
}

/// The result of pruning.
public struct PruneSummary: Sendable, Equatable {
    /// How many messages are gone.
    public var removed = 0
    /// How many messages lost their content and kept their place, because a newer one stands before them.
    public var emptied = 0

    /// Nothing so far.
    public init() {}
}
