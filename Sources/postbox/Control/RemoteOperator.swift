import Glibc
import Messaging
import Synchronization

/// Operators' commands on a database that a server has open: each is one request on its control socket.
///
/// Any thread may call any method; requests go one after the other.
final class RemoteOperator: OperatorCommands {
    /// How long the server may take for an answer, or for a report while it works on one: a stalled disk delays them.
    private static let patience = Duration.seconds(120)
    /// And for the whole file to be read.
    private static let patienceForFile = Duration.seconds(24 * 3600)

    private let address: ControlAddress
    private let channel: Mutex<ControlChannel?>

    /// Connects to the server that has a database open; blocks.
    ///
    /// - Throws: ``ControlError/unreachable(_:)``.
    init(_ address: ControlAddress) throws(ControlError) {
        self.address = address
        guard !address.isOtherThanSocket else { throw .unreachable("there is something else than a socket") }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .unreachable(SystemError.text) }
        let channel = ControlChannel(descriptor)
        // A server that is stopped (SIGSTOP) accepts nobody.
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        try address.withSocketAddress { (pointer, size) throws(ControlError) in
            guard connect(descriptor, pointer, size) == 0 else { throw .unreachable(SystemError.text) }
        }
        guard let peer = channel.peer, address.trusts(user: peer.user) else {
            let user = channel.peer.map { "\($0.user)" } ?? "unknown"
            throw .unreachable("it belongs to a process of another user (\(user)) than the database")
        }
        self.channel = Mutex(channel)
    }

    func open(
        _ newConversation: NewConversation, tenant: TenantID, at moment: Timestamp
    ) throws(MessagingError) -> ConversationID {
        let answer = try ask(
            .openConversation(
                id: newConversation.id.text, participants: newConversation.participants.map(\.text),
                isDirect: newConversation.isDirect, tenant: tenant.textOrNil, at: moment.rfc3339))
        guard case .opened(let id) = answer else { throw Self.unexpected }
        return ConversationID(trusted: id)
    }

    func setPerson(_ person: Person, tenant: TenantID) throws(MessagingError) {
        let answer = try ask(
            .setUser(id: person.id.text, name: person.name, company: person.company, tenant: tenant.textOrNil))
        guard answer == .done else { throw Self.unexpected }
    }

    /// Ends the connection; a second call does nothing.
    func close() {
        channel.withLock { $0 = nil }
    }

    static let unexpected = MessagingError.storeUnavailable("the server answered something else than was asked")

    /// Sends a request and waits for its answer.
    ///
    /// - Parameter progress: called with the number of messages that are removed, each time the server reports it.
    /// - Throws: ``MessagingError/invalidMessage(_:)`` for a conflict, or ``MessagingError/storeUnavailable(_:)``, also where the
    ///   connection ended.
    func ask(
        _ command: ControlCommand, progress: (Int) throws -> Void = { _ in }
    ) throws(MessagingError) -> ControlAnswer {
        do {
            return try request(command, [], progress)
        } catch let refusal as ControlRefusal {
            throw refusal.messagingError
        } catch {
            throw error as? MessagingError ?? .storeUnavailable("\(error)")
        }
    }

    /// Sends a request with the lines that belong to it, and waits for its answer.
    ///
    /// - Throws: ``ControlRefusal``; ``MessagingError/storeUnavailable(_:)`` where the connection ended.
    func request(
        _ command: ControlCommand, _ lines: [[UInt8]], _ progress: (Int) throws -> Void = { _ in }
    ) throws -> ControlAnswer {
        let answer: ControlAnswer
        do {
            answer = try exchange(command, lines, progress)
        } catch let error as ControlError {
            throw MessagingError.storeUnavailable(
                "the server at \(address.path) did not answer (\(error)); run the command again to be sure that all of it is done"
            )
        }
        guard case .refused(let refusal) = answer else { return answer }
        throw refusal
    }

    private func exchange(
        _ command: ControlCommand, _ lines: [[UInt8]], _ progress: (Int) throws -> Void
    ) throws -> ControlAnswer {
        let request = ([ControlJSON.encode(ControlRequest(command))] + lines).flatMap { $0 + [UInt8(ascii: "\n")] }
        return try channel.withLock { channel in
            guard let channel else { throw ControlError.closed }
            // A server that refuses the connection answers at once and closes it.
            let sent = Result { () throws(ControlError) in try channel.send(request) }
            let patience = command == .compact ? Self.patienceForFile : Self.patience
            while true {
                guard let line = try channel.readLine(patience: patience) else {
                    try sent.get()
                    throw ControlError.closed
                }
                let answer = try ControlJSON.decode(ControlAnswer.self, from: line)
                guard case .progress(let messages) = answer else { return answer }
                try progress(messages)
            }
        }
    }
}

extension TenantID {
    /// The id as text; nil for the unnamed tenant.
    var textOrNil: String? { self == .none ? nil : text }
}
