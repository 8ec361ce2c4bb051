import Messaging

extension PostgresStore {
    /// The connections to each read replica.
    public static let replicaReaders = ReadReplica.width

    /// What the read replicas were used for; any thread may ask.
    public var replicaStatistics: ReplicaStatistics { replicas.statistics }

    /// Reads an older page from a read replica that has this state of the conversation and all messages of the page; nil where there is none,
    /// or `make` returns nil. It takes at most half a second.
    public func messagesFromReplica<Answer: Sendable>(
        in conversation: Conversation, of tenant: TenantID, _ numbers: ClosedRange<Int64>, _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer?
    ) async -> Answer? {
        let page = ReplicaPage(tenant: tenant, conversation: conversation, numbers: numbers, bounds: bounds)
        return await replicas.messages(of: page, in: serving.expected, make: make)
    }
}
