import FoundationEssentials
import Messaging
import MessagingHTTP

/// A command to a server, as one line of JSON.
struct ControlRequest: Codable, Equatable {
    /// The version of the protocol. A server answers another one with an error that says which it speaks.
    static let version = 1

    /// The version that the client speaks.
    var version = Self.version
    /// What the server is asked to do.
    let command: ControlCommand

    /// - Parameter command: what the server is asked to do.
    init(_ command: ControlCommand) {
        self.command = command
    }

    private struct Version: Decodable {
        let version: Int
    }

    /// Reads a line.
    ///
    /// - Throws: ``ControlError/malformed(_:)`` for what is no command, and where the client speaks another version.
    init(line: [UInt8]) throws(ControlError) {
        let version: Int = try ControlJSON.decode(Version.self, from: line).version
        guard version == Self.version else {
            throw .malformed("this server speaks version \(Self.version) of the control protocol, not \(version)")
        }
        self = try ControlJSON.decode(Self.self, from: line)
    }
}

/// What an operator can ask of a server. Ids and names are checked by the server again.
enum ControlCommand: Codable, Equatable {
    /// Open a conversation at this time (RFC 3339), or find the one that is meant.
    case openConversation(id: String, participants: [String], isDirect: Bool, tenant: String?, at: String)
    /// Set what others see of a user; what is nil stays.
    case setUser(id: String, name: String?, company: String?, tenant: String?)
    /// Erase a user's name, company and the content of their messages.
    case eraseUser(id: String, tenant: String?)
    /// Erase the content of a message.
    case eraseMessage(id: String, tenant: String?)
    /// Remove the messages that were sent before a time (RFC 3339): of these conversations, or where that is nil of the tenant, or where
    /// that is nil too, of all.
    case prune(conversations: [String]?, tenant: String?, before: String)
    /// Empty the write-ahead log of what was removed.
    case compact
    /// The rules of retention.
    case listRetention
    /// Set a tenant's rule of retention, such as `2y`; nil removes it.
    case setRetention(rule: String?, tenant: String?)
    /// Import so many lines of a history, which follow as they are: at most ``ControlImport/mostLines`` lines and
    /// ``ControlImport/mostBytes`` bytes, or one line.
    case importLines(count: Int)
    /// End the import of this connection: bring its conversations into order.
    case finishImport
}

/// What a server answers, as one line of JSON.
enum ControlAnswer: Codable, Equatable {
    /// The conversation has this id.
    case opened(id: String)
    /// It is done.
    case done
    /// So many messages lost their content; nil where nobody is known by that id, or there is no such message.
    case erased(messages: Int?)
    /// So many messages were removed, and so many behind newer ones lost their content.
    case pruned(removed: Int, emptied: Int)
    /// The rules of retention, each with its tenant.
    case retention(rules: [String: String])
    /// So many messages are removed so far, or have lost their content; the answer is still to come.
    case progress(messages: Int)
    /// The lines are stored; what the import has done so far.
    case imported(ControlImported)
    /// It is not done, or not all of it.
    case refused(ControlRefusal)
}

/// Why a server did not do what it was asked.
struct ControlRefusal: Error, Codable, Equatable {
    /// The reasons that a client can act on.
    enum Reason: String, Codable {
        /// The request is not one of the protocol, or an id in it is none.
        case badRequest = "bad-request"
        /// What it asks for contradicts what is stored.
        case conflict
        /// A conversation that it names does not exist.
        case notFound = "not-found"
        /// A line of an import is wrong; those before it are stored.
        case badLine = "bad-line"
        /// As many commands as can be are on their way, or too much waits for the store.
        case overloaded
        /// The store cannot do it now.
        case unavailable
    }

    let reason: Reason
    /// A sentence for the operator.
    let text: String
    /// Which line of the batch is wrong, from 1; nil where none is.
    var line: Int?
}

/// JSON of the protocol: one object a line.
enum ControlJSON {
    /// The bytes of a value, without a line break.
    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            preconditionFailure("a value of the protocol has no JSON: \(error)")
        }
    }

    /// Reads a value.
    ///
    /// - Throws: ``ControlError/malformed(_:)``.
    static func decode<Value: Decodable>(_ type: Value.Type, from line: [UInt8]) throws(ControlError) -> Value {
        // The decoder itself traps on some numbers.
        guard JSONPrevalidator(line) == .fit, let value = try? JSONDecoder().decode(type, from: Data(line)) else {
            throw .malformed("a line is not one of the control protocol")
        }
        return value
    }
}

extension ControlRefusal {
    /// What is not done must wait for the next run.
    static let stopping = ControlRefusal(reason: .unavailable, text: "the server stops")

    /// Says to a client why the store did not do it.
    init(_ error: MessagingError) {
        switch error {
        case .invalidMessage(let text): self.init(reason: .conflict, text: text)
        case .conversationNotFound: self.init(reason: .notFound, text: "there is no such conversation")
        case .overloaded: self.init(reason: .overloaded, text: "too much waits for the database")
        case .storeUnavailable(let text): self.init(reason: .unavailable, text: text)
        default: self.init(reason: .unavailable, text: "\(error)")
        }
    }

    /// The same for the client's own commands.
    var messagingError: MessagingError {
        switch reason {
        case .conflict: .invalidMessage(text)
        case .notFound: .conversationNotFound
        case .badRequest, .badLine, .overloaded, .unavailable: .storeUnavailable(text)
        }
    }
}
