import Logging
import Messaging

/// The commands of one connection to the control socket; it belongs to the thread of the connection.
struct ControlSession {
    /// How long a client may send nothing between two commands.
    static let patience = Duration.seconds(60)

    let channel: ControlChannel
    let store: any OperatorCommands
    let metrics: ControlMetrics
    let logger: Logger

    /// Answers commands until the client ends the connection, or breaks the protocol.
    ///
    /// - Throws: ``ControlError`` where the connection is of no more use.
    func run() throws(ControlError) {
        while let line = try channel.readLine(patience: Self.patience) {
            let request: ControlRequest
            do {
                request = try ControlRequest(line: line)
            } catch {
                // What follows may be anything.
                try answer(.refused(ControlRefusal(reason: .badRequest, text: error.description)))
                throw error
            }
            try answer(execute(request.command))
        }
    }

    private func answer(_ answer: ControlAnswer) throws(ControlError) {
        try channel.write(ControlJSON.encode(answer))
    }

    private func execute(_ command: ControlCommand) -> ControlAnswer {
        let start = ContinuousClock.now
        let answer: ControlAnswer
        var result = ControlMetrics.Result.done
        do throws(ControlRefusal) {
            answer = try perform(command)
        } catch {
            answer = .refused(error)
            result = error.result
        }
        metrics.count(command.name, result)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        logger.notice(
            "operator's command",
            metadata: [
                "command": "\(command.name.rawValue)", "result": "\(result.rawValue)",
                "seconds": .stringConvertible(seconds), "peer_uid": .stringConvertible(channel.peer?.user ?? 0),
            ])
        return answer
    }

    private func perform(_ command: ControlCommand) throws(ControlRefusal) -> ControlAnswer {
        switch command {
        case .openConversation(let id, let participants, let isDirect, let tenant, let at):
            return try open(id, participants, isDirect, try Self.tenant(tenant), at)
        case .setUser(let id, let name, let company, let tenant):
            let person = Person(id: try Self.id(id), name: name, company: company)
            let tenant = try Self.tenant(tenant)
            try Self.refusing { () throws(MessagingError) in try store.setPerson(person, tenant: tenant) }
            return .done
        }
    }

    private func open(
        _ id: String, _ participants: [String], _ isDirect: Bool, _ tenant: TenantID, _ at: String
    ) throws(ControlRefusal) -> ControlAnswer {
        guard case .id(let id) = ConversationReference(id), let moment = Timestamp(rfc3339: at) else {
            throw ControlRefusal(reason: .badRequest, text: "an id or a time is not valid")
        }
        var users: [UserID] = []
        for participant in participants { users.append(try Self.id(participant)) }
        let opened = try Self.refusing { () throws(MessagingError) in
            let opening = try NewConversation(id: id, participants: users, isDirect: isDirect)
            return try store.open(opening, tenant: tenant, at: moment)
        }
        return .opened(id: opened.text)
    }

    private static func tenant(_ text: String?) throws(ControlRefusal) -> TenantID {
        guard let text else { return .none }
        return try id(text)
    }

    private static func id<Owner>(_ text: String) throws(ControlRefusal) -> Identifier<Owner> {
        guard let id = Identifier<Owner>(text) else {
            throw ControlRefusal(reason: .badRequest, text: "an id is not valid")
        }
        return id
    }

    /// Runs an operation of the store, and says to a client why it failed.
    private static func refusing<Answer>(
        _ work: () throws(MessagingError) -> Answer
    ) throws(ControlRefusal) -> Answer {
        do throws(MessagingError) {
            return try work()
        } catch .invalidMessage(let text) {
            throw ControlRefusal(reason: .conflict, text: text)
        } catch .overloaded {
            throw ControlRefusal(reason: .overloaded, text: "too much waits for the database")
        } catch .storeUnavailable(let text) {
            throw ControlRefusal(reason: .unavailable, text: text)
        } catch {
            throw ControlRefusal(reason: .unavailable, text: "\(error)")
        }
    }
}
