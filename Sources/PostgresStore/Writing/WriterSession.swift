import Messaging
import StoreWork

/// What the writer thread works with: its connection, its cache, and how it comes to another connection.
final class WriterSession {
    private let connector: WriterConnector
    private let health: StoreHealth
    private let committed: (@Sendable (GroupCommit) -> Void)?

    private var calls: WriteCalls?
    private var cache = ConversationCache()
    private var generation = 0
    private var turn: NodeMembership.Turn
    private let line: AnswerLine
    private var backoff = Backoff()
    private var lastError: PostgresError?
    private var synced = Duration.zero

    /// When to try to connect again.
    private(set) var retryAt = ContinuousClock.now

    init(
        connector: WriterConnector, health: StoreHealth, line: AnswerLine,
        committed: (@Sendable (GroupCommit) -> Void)?
    ) {
        self.connector = connector
        self.health = health
        self.line = line
        turn = connector.membership.turn
        self.committed = committed
    }

    var isConnected: Bool { calls != nil }

    /// The process of the server that the connection leads to; nil where there is none, or a pooler hides it.
    var serverProcess: Int32? { calls?.connection.serverProcess }

    /// Gives up the connection.
    func disconnect() { calls = nil }

    /// Runs these commands and answers them.
    func run(_ batch: [WriteCommand]) {
        guard !batch.isEmpty else { return }
        if calls == nil, retryAt > .now, let lastError {
            // Nothing is tried, so nothing new is known, and the pause before the next attempt must not begin anew.
            for command in batch { command.refuse(.storeUnavailable(lastError.description)) }
            return
        }
        connector.membership.beginBatch()
        defer { connector.membership.endBatch() }
        let start = ContinuousClock.now
        synced = .zero
        var mayHaveWritten = false
        do {
            let calls = try connected()
            mayHaveWritten = true
            try run(batch, on: calls)
            health.succeeded(.write)
            committed?(
                GroupCommit(
                    writes: batch.count, seconds: (.now - start) / .seconds(1), syncSeconds: synced / .seconds(1)))
        } catch {
            let error = error as? PostgresError ?? .malformed(String(describing: error))
            failed(error, isUndone: !mayHaveWritten || error.isCertainlyUndone)
            // Those that were answered before take no second answer.
            for command in batch { command.refuse(.storeUnavailable(error.description)) }
        }
    }

    private func connected() throws(PostgresError) -> WriteCalls {
        if let calls, calls.connection.isUsable() {
            if generation != connector.serving.generation || turn != connector.membership.turn { forget() }
            return calls
        }
        self.calls = nil
        let calls = try connector.connect()
        self.calls = calls
        backoff.reset()
        forget()
        return calls
    }

    private func forget() {
        generation = connector.serving.generation
        turn = connector.membership.turn
        cache = ConversationCache()
    }

    /// - Parameter isUndone: whether certainly nothing of the batch was written, or will be.
    private func failed(_ error: PostgresError, isUndone: Bool) {
        health.failed(.write, StoreFailure(error.fault, error.description))
        lastError = error
        let wasLost = error.sqlState == WriteRefusal.nodeGone
        if wasLost { connector.membership.lost() }
        // Where nobody knows whether the writes happened, or will, a look brings them. They are not tried again: the clients' keys settle it.
        if !isUndone { connector.membership.lostTrack() }
        let mustConnect =
            wasLost || !isUndone || error.sqlState == WriteRefusal.epochChanged
            || error.fault == .readOnly || calls?.connection.isBroken != false
        if mustConnect {
            calls = nil
            retryAt = .now + backoff.pause()
        }
        forget()
    }
}

extension WriterSession {
    /// Openings, renamings and removals are calls of their own; all messages and read markers go in one.
    private func run(_ batch: [WriteCommand], on calls: WriteCalls) throws {
        var together: [WriteCommand] = []
        for command in batch {
            switch command {
            case .send, .markRead: together.append(command)
            case .open(let newConversation, let tenant, let moment, let reply):
                try open(newConversation, tenant, moment, reply, calls)
            case .rename(let person, let tenant, let number, let reply):
                let renamed = try timed { try calls.rename(person, tenant: tenant, number: number) }
                try confirm(commits(of: renamed, tenant), calls) { reply.succeed(renamed.progress) }
            case .resumeRenaming(let user, let tenant, let reply):
                let renamed = try timed { try calls.resumeRenaming(of: user, tenant: tenant) }
                try confirm(commits(of: renamed, tenant), calls) { reply.succeed(renamed.progress == .done) }
            case .remove(let step, let tenant, let messages, let reply):
                let removed = try timed { try calls.remove(step, tenant, messages: messages) }
                try confirm(commits(of: removed, tenant), calls) { reply.succeed(removed.step) }
            case .probe(let reply):
                _ = try timed { try calls.write([], [], FeedPayload([])) { _ in 0 } }
                try confirm([], calls) { reply.succeed(true) }
            }
        }
        while !together.isEmpty { together = try runTogether(together, calls) }
    }

    private func timed<Value>(_ body: () throws -> Value) rethrows -> Value {
        let start = ContinuousClock.now
        defer { synced += .now - start }
        return try body()
    }

    /// Tells memory or leaves that to the feed, and answers when no node answers any more as if it were not committed; unless no standby
    /// has confirmed the commit.
    private func confirm(
        _ commits: [Commit], _ calls: WriteCalls, answer: @escaping @Sendable () -> Void
    ) throws(PostgresError) {
        let time = publish(commits, calls)
        let isConfirmed = calls.takeConfirmation()
        connector.serving.confirmed(isConfirmed)
        guard isConfirmed else { throw .noStandby }
        if time > 0 { line.hold(for: time, answer) } else { answer() }
    }

    /// Returns for how long nobody must be answered, in nanoseconds.
    @discardableResult
    private func publish(_ commits: [Commit], _ calls: WriteCalls) -> Int64 {
        let receipt = calls.takeReceipt()
        return connector.membership.wrote(commits, at: receipt.position, others: receipt.others, since: turn)
    }

    /// Whether what this node knows of conversations is how they are.
    private var isAlone: Bool { turn.isAlone && turn == connector.membership.turn }

    private func open(
        _ newConversation: NewConversation, _ tenant: TenantID, _ moment: Timestamp, _ reply: Reply<ConversationID>,
        _ calls: WriteCalls
    ) throws {
        let opening = try timed { try calls.open(newConversation, tenant: tenant, at: moment) }
        let batch = WriteBatch(calls, cache: cache, isAlone: turn.isAlone)
        switch opening.state {
        case .opened(let conversation): batch.record(opened: conversation, newConversation, tenant)
        case .existed: break
        case .taken:
            reply.refuse(.invalidMessage("A conversation \(newConversation.id) exists, with other participants."))
        }
        cache.keep(batch.states, batch.pairs)
        try confirm(batch.commits, calls) { reply.succeed(opening.id) }
    }

    private func commits(of renamed: WriteCalls.Renamed, _ tenant: TenantID) -> [Commit] {
        renamed.conversations.map { conversation in
            cache.rename(ConversationKey(tenant: tenant, id: conversation.id), change: conversation.change)
            return Commit(
                tenant: tenant, conversation: conversation,
                listChanges: conversation.participants.map { .init(user: $0.user, change: conversation.change) })
        }
    }

    private func commits(of removed: WriteCalls.Removed, _ tenant: TenantID) -> [Commit] {
        removed.conversations.map { conversation in
            cache.keep([ConversationKey(tenant: tenant, id: conversation.id): conversation], [:])
            return Commit(
                tenant: tenant, conversation: conversation,
                listChanges: conversation.participants.map { .init(user: $0.user, change: conversation.change) },
                isRemoval: true)
        }
    }

    /// Runs messages and read markers in one call; returns those that have to wait for the next.
    private func runTogether(_ commands: [WriteCommand], _ calls: WriteCalls) throws -> [WriteCommand] {
        let batch = WriteBatch(calls, cache: cache, isAlone: turn.isAlone)
        var answers: [@Sendable () -> Void] = []
        do {
            try timed {
                try batch.prepare(commands[...])
                answers = try batch.write()
            }
        } catch let error as PostgresError where error.isOfOneCommand && commands.count > 1 {
            // One command that the database refuses must not harm the others.
            publish(batch.commits, calls)
            forget()
            for command in commands { try runAlone(command, calls) }
            return []
        } catch {
            // What was opened before the failure is committed.
            publish(batch.commits, calls)
            throw error
        }
        if batch.isCacheStale, turn.isAlone {
            // Memory shows something else than the database.
            if isAlone { connector.serving.invalidate() }
            forget()
        } else {
            cache.keep(batch.states, batch.pairs)
        }
        try confirm(batch.commits, calls) { [answers] in for answer in answers { answer() } }
        return batch.deferred
    }

    private func runAlone(_ command: WriteCommand, _ calls: WriteCalls) throws {
        do {
            _ = try runTogether([command], calls)
        } catch let error as PostgresError where error.isOfOneCommand {
            health.failed(.write, StoreFailure(error.fault, error.description))
            command.refuse(.storeUnavailable(error.description))
        }
    }
}

extension PostgresError {
    /// Whether a value of one command is at fault: data that a column does not take, or a constraint.
    fileprivate var isOfOneCommand: Bool {
        guard let sqlState else { return false }
        return ["22", "23", "P0"].contains { sqlState.hasPrefix($0) }
    }
}
