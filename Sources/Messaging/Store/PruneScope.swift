/// Which conversations to prune.
package enum PruneScope: Sendable, Equatable {
    /// Every conversation of every tenant.
    case everything
    /// Every conversation of a tenant.
    case tenant(TenantID)
    /// These conversations of a tenant.
    case conversations([ConversationID], TenantID)
}

/// The result of pruning.
package struct PruneSummary: Sendable, Equatable {
    /// How many messages are gone.
    package var removed = 0
    /// How many messages lost their content and kept their place, because a newer one stands before them.
    package var emptied = 0

    /// Nothing so far.
    package init() {}
}
