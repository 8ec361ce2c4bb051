import Logging
import Messaging

/// The commands of one connection to the control socket; it belongs to the thread of the connection.
final class ControlSession {
    /// How long a client may send nothing between two commands.
    static let patience = Duration.seconds(60)
    /// The longest time between two reports of a removal.
    private static let reportPause = Duration.seconds(1)

    private let channel: ControlChannel
    private let store: any ServedStore
    private let metrics: ControlMetrics
    private let logger: Logger
    private let importPlace: ControlImport.Place
    private let isStopping: () -> Bool
    /// The import of this connection; nil where none has begun.
    private var running: ControlImport?
    /// When that began.
    private var importStart: ContinuousClock.Instant?

    /// - Parameter isStopping: whether the server stops; called on this thread.
    init(
        _ channel: ControlChannel, store: any ServedStore, metrics: ControlMetrics, logger: Logger,
        importPlace: ControlImport.Place, isStopping: @escaping () -> Bool
    ) {
        self.channel = channel
        self.store = store
        self.metrics = metrics
        self.logger = logger
        self.importPlace = importPlace
        self.isStopping = isStopping
    }

    /// Answers commands until the client ends the connection, or breaks the protocol.
    ///
    /// - Throws: ``ControlError`` where the connection is of no more use.
    func run() throws(ControlError) {
        defer { if running != nil { note(.importing, .failed, since: importStart) } }
        while let line = try channel.readLine(patience: Self.patience) {
            do {
                let request = try ControlRequest(line: line)
                let lines = try readLines(of: request.command)
                try answer(execute(request.command, lines))
            } catch .malformed(let text) {
                // What follows may be anything.
                try answer(.refused(ControlRefusal(reason: .badRequest, text: text)))
                throw .malformed(text)
            } catch {
                throw error
            }
        }
    }

    /// The lines that follow a command.
    private func readLines(of command: ControlCommand) throws(ControlError) -> [[UInt8]] {
        guard case .importLines(let count) = command else { return [] }
        guard (1...ControlImport.mostLines).contains(count) else {
            throw .malformed("a batch has from 1 to \(ControlImport.mostLines) lines")
        }
        var (lines, size) = ([[UInt8]](), 0)
        for _ in 0..<count {
            guard let line = try channel.readLine(patience: ControlChannel.lineLimit) else { throw .closed }
            size += line.count
            guard size <= ControlImport.mostBytes || lines.isEmpty else {
                throw .malformed("a batch of several lines has at most \(ControlImport.mostBytes) bytes")
            }
            lines.append(line)
        }
        return lines
    }

    private func answer(_ answer: ControlAnswer) throws(ControlError) {
        try channel.write(ControlJSON.encode(answer))
    }

    private func execute(_ command: ControlCommand, _ lines: [[UInt8]]) -> ControlAnswer {
        let start = ContinuousClock.now
        do throws(ControlRefusal) {
            let answer = try perform(command, lines)
            if case .importLines = command { return answer }
            note(command.name, .done, since: command.name == .importing ? importStart : start)
            return answer
        } catch {
            running = nil
            note(command.name, error.result, since: command.name == .importing ? importStart : start)
            return .refused(error)
        }
    }

    /// Counts a command that is over, and writes it to the log.
    private func note(
        _ name: ControlCommand.Name, _ result: ControlMetrics.Result, since start: ContinuousClock.Instant?
    ) {
        metrics.count(name, result)
        var fields: Logger.Metadata = [
            "command": "\(name.rawValue)", "result": "\(result.rawValue)",
            "peer_uid": "\(channel.peer.map { "\($0.user)" } ?? "unknown")",
        ]
        if let start { fields["seconds"] = .stringConvertible((ContinuousClock.now - start) / .seconds(1)) }
        logger.notice("operator's command", metadata: fields)
    }

    private func perform(_ command: ControlCommand, _ lines: [[UInt8]]) throws(ControlRefusal) -> ControlAnswer {
        switch command {
        case .openConversation(let id, let participants, let isDirect, let tenant, let at):
            return try open(id, participants, isDirect, try ControlCommand.tenant(tenant), at)
        case .setUser(let id, let name, let company, let tenant):
            let person = Person(id: try ControlCommand.id(id), name: name, company: company)
            let tenant = try ControlCommand.tenant(tenant)
            try ControlCommand.refusing { try store.setPerson(person, tenant: tenant) }
            return .done
        case .importLines:
            return try presentImport().take(lines)
        case .finishImport:
            let answer = try presentImport().finish()
            running = nil
            return answer
        case .eraseUser, .eraseMessage, .prune, .compact, .listRetention, .setRetention:
            return try ControlRemoval(store: store, progress: report(), isStopping: isStopping).perform(command)
        }
    }

    /// Tells the client how far a removal is: where it reports that, and each second, so that it sees that the server is at it. A client
    /// that does not take that is told no more; the removal goes on.
    private func report() -> (Int) -> Void {
        var (told, due, isHeard) = (0, ContinuousClock.now + Self.reportPause, true)
        return { [channel] messages in
            let isNews = messages / RemovalReport.interval > told / RemovalReport.interval
            guard isHeard, isNews || due <= .now else { return }
            (told, due) = (messages, .now + Self.reportPause)
            do throws(ControlError) {
                try channel.write(ControlJSON.encode(ControlAnswer.progress(messages: messages)))
            } catch {
                isHeard = false
            }
        }
    }

    private func presentImport() throws(ControlRefusal) -> ControlImport {
        if let running { return running }
        let new = try ControlImport(into: store, at: importPlace, isStopping: isStopping)
        (running, importStart) = (new, ContinuousClock.now)
        return new
    }

    private func open(
        _ id: String, _ participants: [String], _ isDirect: Bool, _ tenant: TenantID, _ at: String
    ) throws(ControlRefusal) -> ControlAnswer {
        guard case .id(let id) = ConversationReference(id), let moment = Timestamp(rfc3339: at) else {
            throw ControlRefusal(reason: .badRequest, text: "an id or a time is not valid")
        }
        var users: [UserID] = []
        for participant in participants { users.append(try ControlCommand.id(participant)) }
        let opened = try ControlCommand.refusing {
            let opening = try NewConversation(id: id, participants: users, isDirect: isDirect)
            return try store.open(opening, tenant: tenant, at: moment)
        }
        return .opened(id: opened.text)
    }
}
