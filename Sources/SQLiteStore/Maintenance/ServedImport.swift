import Foundation
import GRDB
import Messaging
import StoreWork
import Synchronization

/// An import beside requests: each step is one write among others.
///
/// Between steps it keeps, for each conversation, how far it is, so that equal records are told from each other and read markers find
/// their place. What was stored before is read by a reader, not on the writer's time.
final class ServedImport: SteppedImport {
    /// How long a step works in its transaction; its commit comes on top.
    static let stepTime = Duration.milliseconds(8)
    /// The most records of a step; fewer where its commit takes long, as where each record is for another conversation.
    private static let largestStep = 256
    /// What the end of a step takes for each conversation it changed, about.
    private static let finishTime = Duration.microseconds(60)
    /// The most bytes that an import keeps in memory, about.
    static let largestMemory = StoreBounds().conversationsImported * 250 + StoreBounds().messagesCompared * 80
    /// How many stored messages a reader reads at a time, so that the log can be copied in between.
    private static let readAtOnce = 5000

    private struct State {
        var conversations: [ConversationKey: ImportProgress] = [:]
        var unmatched = 0
        var summary = ImportSummary()
        /// What the step under way has used: it may run twice.
        var used: [UnmatchedMessages] = []
        var arrangement: ImportArrangement?
        var size = StepSize(most: largestStep, longest: StoreBounds.longestStep)
    }

    private struct Step: Sendable {
        var count = 0
        var refusal: ImportError?
        var conversations: [ConversationKey: ImportProgress] = [:]
        var summary = ImportSummary()
        var renaming: (Person, TenantID, number: Int64?)?
    }

    private let writer: Writer
    private let pool: DatabasePool
    private let state = Mutex(State())

    init(writer: Writer, pool: DatabasePool) {
        self.writer = writer
        self.pool = pool
    }

    var summary: ImportSummary { state.withLock(\.summary) }

    func store(_ records: ArraySlice<ImportRecord>) throws -> Int {
        let records = try next(of: records)
        for record in records { try prepare(for: record) }
        let (step, held) = try writer.performStep { [self] in try run(records, in: $0) }
        state.withLock { state in
            state.size.took(held)
            for unmatched in state.used { unmatched.keepTaken() }
            state.used = []
            state.conversations.merge(step.conversations) { $1 }
            state.summary.add(step.summary)
        }
        if let (person, tenant, number) = step.renaming { try finish(renaming: number, person, tenant) }
        if step.count == 0, let refusal = step.refusal { throw refusal }
        return step.count
    }

    /// The records of the next step: no more than it can take, and of no more conversations than an import may touch.
    private func next(of records: ArraySlice<ImportRecord>) throws(ImportError) -> ArraySlice<ImportRecord> {
        let next = state.withLock { state in
            var added: Set<ConversationKey> = []
            return records.prefix(state.size.messages).prefix { record in
                guard let name = record.conversation, state.conversations[name] == nil else { return true }
                added.insert(name)
                return state.conversations.count + added.count <= writer.bounds.conversationsImported
            }
        }
        guard !next.isEmpty else { throw .tooLargeBesideRequests }
        return next
    }

    /// Stores as many records as there is time for, on the writer's thread.
    private func run(_ records: ArraySlice<ImportRecord>, in transaction: WriteTransaction) throws -> Step {
        undoUnfinishedStep()
        let importer = Importer(transaction) { [self] name in
            state.withLock { state in
                let known = state.conversations[name]
                if let unmatched = known?.unmatched { state.used.append(unmatched) }
                return known
            }
        }
        var step = Step()
        let end = ContinuousClock.now + Self.stepTime
        for record in records {
            do {
                try importer.take(record)
            } catch let refusal as ImportError {
                step.refusal = refusal
                break
            }
            step.count += 1
            if importer.renaming != nil || .now + Self.finishTime * importer.conversations.count > end { break }
        }
        try importer.finishStep()
        step.conversations = importer.conversations.mapValues(\.progress)
        (step.summary, step.renaming) = (importer.summary, importer.renaming)
        return step
    }

    private func undoUnfinishedStep() {
        state.withLock { state in
            for unmatched in state.used { unmatched.undo() }
            state.used = []
        }
    }

    /// Finishes a renaming that takes several transactions.
    private func finish(renaming number: Int64?, _ person: Person, _ tenant: TenantID) throws(MessagingError) {
        var progress = RenameProgress.unfinished(number: number)
        while case .unfinished(let number) = progress {
            progress = try writer.performStep { try $0.setPerson(person, tenant: tenant, number: number) }.answer
        }
    }

    /// Reads what a record without a key may be equal to, where that is not known.
    private func prepare(for record: ImportRecord) throws {
        guard case .message(let message, let tenant) = record, message.clientMessageID == nil else { return }
        let name = ConversationKey(tenant: tenant, id: message.conversation)
        let known = state.withLock { $0.conversations[name] }
        guard known?.hadMessages != false, known?.unmatched == nil else { return }
        do {
            guard let read = try readProgress(name, known) else { return }
            state.withLock { state in
                state.conversations[name] = read
                state.unmatched += read.unmatched?.count ?? 0
            }
        } catch let error as DatabaseError {
            throw MessagingError.storeUnavailable(String(describing: error))
        }
    }

    /// The progress of a conversation that has messages already; nil for one that is not there.
    private func readProgress(_ name: ConversationKey, _ known: ImportProgress?) throws -> ImportProgress? {
        guard let stored = try pool.read({ try StoredConversations(db: $0).find(name.id, tenant: name.tenant) }) else {
            return nil
        }
        var found: [(MessageFingerprint, Int64)] = []
        let others = state.withLock(\.unmatched)
        var last = stored.prunedUpTo
        while last < stored.lastN {
            let after = last
            let part = try pool.read { db in
                try StoredMessages(db: db, key: stored.key).fingerprints(
                    after: after, upTo: stored.lastN, limit: Self.readAtOnce)
            }
            found += part
            guard others + found.count <= writer.bounds.messagesCompared else {
                throw ImportError.tooLargeBesideRequests
            }
            guard part.count == Self.readAtOnce, let next = part.last?.1 else { break }
            last = next
        }
        return ImportProgress(
            key: stored.key, isWhole: known?.isWhole ?? false, hadMessages: stored.lastN > stored.prunedUpTo,
            activity: known?.activity, reached: known?.reached, latest: known?.latest,
            unmatched: UnmatchedMessages(found))
    }

    func arrange() throws(MessagingError) -> Bool {
        let arrangement = state.withLock { state in
            let arrangement = state.arrangement ?? ImportArrangement(state.conversations)
            state.arrangement = arrangement
            return arrangement
        }
        let next = try writer.performStep { try $0.arrange(arrangement, for: Self.stepTime) }.answer
        state.withLock { $0.arrangement = next }
        return next.isDone
    }
}

extension ImportRecord {
    /// The conversation that it touches.
    fileprivate var conversation: ConversationKey? {
        switch self {
        case .person: nil
        case .conversation(let new, let tenant, _, _, _): ConversationKey(tenant: tenant, id: new.id)
        case .message(let message, let tenant): ConversationKey(tenant: tenant, id: message.conversation)
        case .read(let id, _, let tenant, _): ConversationKey(tenant: tenant, id: id)
        }
    }
}

extension ImportSummary {
    fileprivate mutating func add(_ other: ImportSummary) {
        records += other.records
        people += other.people
        conversations += other.conversations
        messages += other.messages
        pruned += other.pruned
        readMarkers += other.readMarkers
        skipped += other.skipped
    }
}
