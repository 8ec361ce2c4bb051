/// How long messages are kept.
public enum Retention: Sendable, Equatable {
    /// They are never removed because of their age.
    case forever
    /// Until they are this old.
    case age(Age)

    /// Takes `forever`, or an age such as `2y`; nil for any other text.
    public init?(_ text: String) {
        if text == "forever" {
            self = .forever
        } else {
            guard let age = Age(text) else { return nil }
            self = .age(age)
        }
    }

    /// The text that it is made of.
    public var text: String {
        switch self {
        case .forever: "forever"
        case .age(let age): age.text
        }
    }

    /// The moment before which messages are too old; nil where none are.
    public func cutoff(now: Timestamp) -> Timestamp? {
        switch self {
        case .forever: nil
        case .age(let age): age.before(now)
        }
    }
}

/// How long the messages of each tenant are kept.
public struct RetentionRules: Sendable, Equatable {
    /// For tenants without a rule of their own.
    public var others: Retention
    /// The rules of tenants.
    public var own: [TenantID: Retention]

    /// Creates rules.
    public init(others: Retention = .forever, own: [TenantID: Retention] = [:]) {
        self.others = others
        self.own = own
    }

    /// How long a tenant's messages are kept.
    public func retention(of tenant: TenantID) -> Retention { own[tenant] ?? others }

    /// Whether any message is ever too old.
    public var removeAny: Bool { others != .forever || own.values.contains { $0 != .forever } }

    /// Says whether a conversation is overdue.
    ///
    /// - Parameter oldest: when its first message was sent; nil where there is none.
    /// - Returns: nil where that message is not too old.
    public func overdue(_ place: RetentionPlace, oldest: Timestamp?, now: Timestamp) -> OverdueConversation? {
        guard let oldest, let cutoff = retention(of: place.tenant).cutoff(now: now),
            oldest.milliseconds < cutoff.milliseconds
        else { return nil }
        return OverdueConversation(place: place, cutoff: cutoff, oldest: oldest)
    }
}

/// A conversation in the order in which a store's conversations are looked at.
public struct RetentionPlace: Sendable, Equatable {
    /// The namespace of the conversation.
    public let tenant: TenantID
    /// The store's handle for it.
    public let key: Int64

    /// Creates a place.
    public init(tenant: TenantID, key: Int64) {
        self.tenant = tenant
        self.key = key
    }
}

/// A conversation whose first message is older than its tenant's messages are kept.
public struct OverdueConversation: Sendable, Equatable {
    /// Which one it is.
    public let place: RetentionPlace
    /// Messages that were sent before this moment are too old.
    public let cutoff: Timestamp
    /// When its first message was sent.
    public let oldest: Timestamp

    /// Creates an overdue conversation.
    public init(place: RetentionPlace, cutoff: Timestamp, oldest: Timestamp) {
        self.place = place
        self.cutoff = cutoff
        self.oldest = oldest
    }
}

/// Where the rules of tenants are stored. Every method blocks.
public protocol RetentionRuleStore: Sendable {
    /// The rules of the tenants that have one.
    func retentions() throws -> [TenantID: Retention]

    /// Sets a tenant's rule; nil removes it.
    func setRetention(_ retention: Retention?, of tenant: TenantID) throws
}

/// A store that removes messages by their age while it serves, in small steps. Every method blocks.
public protocol RetentionStore: RetentionRuleStore {
    /// Takes on the removal, where several nodes share the store; returns false where another node has taken it on.
    ///
    /// Who is refused tries again later. The removal of a node that is gone can be taken on.
    func beginRetention() throws -> Bool

    /// Gives the removal up, so that another node can take it on.
    func endRetention()

    /// Looks for overdue conversations among the next ones after a place, which are at most 1000; nil is before the first.
    ///
    /// - Returns: those that are overdue, and the last place that was looked at; nil where no conversations are left.
    func overdue(
        after place: RetentionPlace?, _ rules: RetentionRules, now: Timestamp
    ) throws -> (found: [OverdueConversation], last: RetentionPlace?)

    /// Removes the first of the messages of a conversation that are too old, at most some hundred.
    ///
    /// An old message that stands behind a newer one stays until that one is too old.
    ///
    /// - Returns: how many it removed; 0 where none are left.
    func removeOverdue(_ conversation: OverdueConversation) throws -> Int
}

extension RetentionStore {
    /// No other process removes anything from the store.
    public func beginRetention() -> Bool { true }

    /// Does nothing.
    public func endRetention() {}
}
