import Messaging

/// Reads one caller's list of conversations.
struct ListReader {
    let connection: PostgresConnection
    let caller: Caller
    /// Returns the newest messages of a conversation.
    let newest: NewestMessages
    /// Throws where what was read before may be stale; called before the newest messages are kept in memory.
    let check: () throws(PostgresError) -> Void
    /// Whether all statements see one snapshot.
    var isSnapshot = false

    /// The newest change number of the list; 0 where it is empty.
    func latestChange() throws(PostgresError) -> Int64 {
        let rows = try connection.runOften(
            ListQuery.latestChange, [.text(caller.tenant.text), .text(caller.user.text)],
            within: ConversationReader.limit)
        return try rows.requiredInt8(0, 0)
    }

    /// A part of the list, selected by one statement; the newest messages that memory does not have are read by another.
    func page(_ window: ListWindow, _ bounds: PageBounds, embedded: PageBounds) throws -> ConversationPage {
        try consistently { reader in
            switch window {
            case .newest: try reader.page(activeBefore: .max, bounds, embedded)
            case .before(let activity): try reader.page(activeBefore: activity, bounds, embedded)
            case .since(let change): try reader.page(changedAfter: change, bounds, embedded)
            }
        }
    }

    /// One conversation with all its participants; nil where the caller does not take part.
    func entry(_ key: Int64, embedded: PageBounds) throws -> ConversationSummary? {
        try consistently { try $0.entry(of: key, embedded) }
    }

    /// Messages of a conversation were removed after its entry was read.
    private struct Removed: Error {}

    /// Reads, and where messages were removed between two statements, reads again in one snapshot.
    private func consistently<Found>(_ read: (ListReader) throws -> Found) throws -> Found {
        do {
            return try read(self)
        } catch is Removed {
            var reader = self
            reader.isSnapshot = true
            return try connection.transaction(within: ConversationReader.limit) {
                try connection.run(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", within: ConversationReader.limit)
                return try read(reader)
            }
        }
    }

    private func entry(of key: Int64, _ embedded: PageBounds) throws -> ConversationSummary? {
        let rows = try connection.runOften(
            ListQuery.one, [.text(caller.tenant.text), .text(caller.user.text), .int8(key)],
            within: ConversationReader.limit)
        guard rows.count > 0 else { return nil }
        let entry = try ListEntry(rows, 0, from: 0, seenBy: caller.user)
        return try summaries([entry][...], embedded).first
    }

    private func entries(
        _ query: String, _ bound: Int64, _ limit: Int
    ) throws(PostgresError) -> (latest: Int64, entries: [ListEntry]) {
        let rows = try connection.runOften(
            query, [.text(caller.tenant.text), .text(caller.user.text), .int8(bound), .int8(Int64(limit))],
            within: ConversationReader.limit)
        var entries: [ListEntry] = []
        entries.reserveCapacity(rows.count)
        for row in 0..<rows.count where try rows.int8(row, 1) != nil {
            entries.append(try ListEntry(rows, row, from: 1, seenBy: caller.user))
        }
        return (try rows.requiredInt8(0, 0), entries)
    }

    /// A page and the position to go on from.
    ///
    /// A client that asks for an older page may have fetched the newer ones long ago, so its position is just below them.
    private func page(
        activeBefore activity: Int64, _ bounds: PageBounds, _ embedded: PageBounds
    ) throws -> ConversationPage {
        let (latest, found) = try entries(ListQuery.before, activity, bounds.countToRead)
        let taken = try summaries(found.prefix(bounds.count), bounds, embedded)
        return ConversationPage(
            conversations: taken, latestChange: latest, position: min(max(activity - 1, 0), latest),
            olderBefore: taken.count < found.count ? taken.last?.activity : nil)
    }

    /// The earliest change comes first, so that a client which follows the position misses nothing.
    private func page(
        changedAfter change: Int64, _ bounds: PageBounds, _ embedded: PageBounds
    ) throws -> ConversationPage {
        let (latest, found) = try entries(ListQuery.since, change, bounds.countToRead)
        let taken = try summaries(found.prefix(bounds.count), bounds, embedded)
        let isCut = taken.count < found.count
        return ConversationPage(
            conversations: taken.sorted { $0.activity > $1.activity }, latestChange: latest,
            position: isCut ? taken.last?.change ?? change : latest, olderBefore: nil)
    }

    /// Of how many conversations the messages are read first, which is a page of the usual size.
    private static let firstStep = 20
    /// The most conversations whose messages are read at a time.
    private static let largestStep = 100

    /// The first of these entries, as many as the bounds need. Their messages are read a part at a time, so that memory has little more of
    /// them than the page: the first part says how many may follow.
    private func summaries(
        _ entries: ArraySlice<ListEntry>, _ bounds: PageBounds, _ embedded: PageBounds
    ) throws -> [ConversationSummary] {
        var (taken, size) = ([ConversationSummary](), 0)
        var (rest, step) = (entries, Self.firstStep)
        while !rest.isEmpty, !bounds.areExceeded(by: taken.count, size) {
            for summary in try summaries(rest.prefix(step), embedded) {
                guard !bounds.areExceeded(by: taken.count, size) else { return taken }
                size += summary.leastSize(embedded: embedded.count)
                taken.append(summary)
            }
            rest = rest.dropFirst(step)
            step = min(max(1, (bounds.bytes - size) / max(1, size / taken.count)), Self.largestStep)
        }
        return taken
    }

    private func summaries(
        _ entries: ArraySlice<ListEntry>, _ embedded: PageBounds
    ) throws -> [ConversationSummary] {
        var embedded = embedded
        embedded.count = max(embedded.count, 1)
        let messages = try newestMessages(of: entries, embedded)
        return zip(entries, messages).map { entry, messages in
            entry.summary(newest: messages.newest(within: embedded))
        }
    }

    /// Memory does not have the newest messages of a conversation.
    private struct NotInMemory: Error {}

    /// The newest messages of each of these conversations; those that memory does not have are read in one statement.
    private func newestMessages(
        of entries: ArraySlice<ListEntry>, _ bounds: PageBounds
    ) throws -> [PackedMessages] {
        var found: [PackedMessages?] = try entries.map { entry in
            do {
                return try newest(entry.conversation, bounds) { throw NotInMemory() }
            } catch is NotInMemory {
                return nil
            }
        }
        let unknown = zip(entries, found.indices).filter { found[$1] == nil }
        guard !unknown.isEmpty else { return found.compactMap { $0 } }
        let read = try read(unknown.map(\.0.conversation), bounds)
        for (entry, place) in unknown {
            let messages = read[entry.conversation.key] ?? PackedMessages([])
            // Memory may have been told of a removal that the snapshot does not show.
            guard !isSnapshot else {
                found[place] = messages
                continue
            }
            found[place] = try newest(entry.conversation, bounds) {
                // Memory keeps them from here on, unless it was told to forget since.
                try check()
                return messages
            }
        }
        return found.compactMap { $0 }
    }

    private func read(
        _ conversations: [Conversation], _ bounds: PageBounds
    ) throws -> [Int64: PackedMessages] {
        let rows = try connection.runOften(
            MessageQuery.newestOfEach,
            [
                .text(caller.tenant.text), .int8Array(conversations.map(\.key)), .int8Array(conversations.map(\.lastN)),
                .int8(Int64(bounds.countToRead)), .int8(Int64(bounds.bytes)),
                .int8Array(conversations.map(\.revision)), .int8Array(conversations.map(\.prunedUpTo)),
            ], within: ConversationReader.limit)
        guard try rows.requiredBool(0, 0) else { throw Removed() }
        var found: [Int64: PackedMessages] = [:]
        var (key, messages) = (Int64?.none, PackedMessages([]))
        for row in 0..<rows.count {
            guard let next = try rows.int8(row, 1) else { continue }
            if next != key {
                if let key { found[key] = messages }
                (key, messages) = (next, PackedMessages(expecting: bounds.countToRead))
            }
            try messages.append(rows, row, from: 2)
        }
        if let key { found[key] = messages }
        return found
    }
}
