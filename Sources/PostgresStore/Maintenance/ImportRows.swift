import Messaging

/// The rows that an import writes: they wait in a batch until it is full or the database is asked about them.
final class ImportRows {
    let connection: PostgresConnection
    /// The keys of messages, as far as they were met.
    var keys = SeenKeys()
    private var batch = ImportBatch()
    private var keysLeft: [Int64] = []

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    func flush() throws {
        try batch.flush(connection)
    }

    private func flushIfFull() throws {
        if batch.isFull { try flush() }
    }

    /// The key of the next new conversation.
    func nextKey() throws -> Int64 {
        if let key = keysLeft.popLast() { return key }
        let rows = try connection.run(
            "SELECT array_agg(nextval('postbox.conversations_key_seq')) FROM generate_series(1, 500)", within: nil)
        keysLeft = try rows.int8Array(0, 0).reversed()
        guard let key = keysLeft.popLast() else { throw PostgresError.malformed("no keys for conversations") }
        return key
    }

    func add(
        _ opening: NewConversation, key: Int64, tenant: TenantID, openedAt: Timestamp, pruning: Pruning, change: Int64
    ) throws {
        batch.add(opening, key: key, tenant: tenant, openedAt: openedAt, pruning: pruning, change: change)
        try flushIfFull()
    }

    func add(_ message: Message, senderN: Int64, to key: Int64, tenant: TenantID) throws {
        batch.add(message, senderN: senderN, to: key, tenant: tenant)
        try flushIfFull()
    }

    func move(markerOf user: UserID, to n: Int64, in key: Int64, tenant: TenantID) throws {
        batch.move(markerOf: user, to: n, in: key, tenant: tenant)
        try flushIfFull()
    }
}

/// The keys of messages that an import has met, as hashes: a key that was not met needs no look at the database. Some 16 bytes for each
/// message.
struct SeenKeys {
    private var hashes: Set<Int> = []

    /// False where the key certainly was not met.
    func mayContain(_ clientMessageID: String, of sender: String, in key: Int64) -> Bool {
        hashes.contains(Self.hash(clientMessageID, sender, key))
    }

    mutating func insert(_ clientMessageID: String, of sender: String, in key: Int64) {
        hashes.insert(Self.hash(clientMessageID, sender, key))
    }

    private static func hash(_ clientMessageID: String, _ sender: String, _ key: Int64) -> Int {
        var hasher = Hasher()
        hasher.combine(key)
        // By bytes: canonically equivalent keys are different keys, but the same hash would only cost a look.
        hasher.combine(sender)
        hasher.combine(clientMessageID)
        return hasher.finalize()
    }
}
