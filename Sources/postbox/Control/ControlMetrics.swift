import Synchronization

/// Counts operators' commands by name and result; any thread may use it.
final class ControlMetrics: Sendable {
    /// Whether a server did what it was asked.
    enum Result: String, CaseIterable {
        /// It is done.
        case done
        /// The command is wrong, or contradicts what is stored.
        case refused
        /// The store could not do it, or the server was stopping.
        case failed
    }

    private let counts = Mutex<[ControlCommand.Name: [Result: Int]]>([:])

    /// Counts a command.
    func count(_ name: ControlCommand.Name, _ result: Result) {
        counts.withLock { $0[name, default: [:]][result, default: 0] += 1 }
    }

    /// How often a command had this result since the start.
    func value(_ name: ControlCommand.Name, _ result: Result) -> Int {
        counts.withLock { $0[name]?[result] ?? 0 }
    }
}

extension ControlCommand {
    /// The names of commands in metrics and logs.
    enum Name: String, CaseIterable {
        case conversationsOpen = "conversations open"
        case usersSet = "users set"
        case importing = "import"
        case eraseUser = "erase user"
        case eraseMessage = "erase message"
        case prune
        case compact
        case retentionList = "retention list"
        case retentionSet = "retention set"
    }

    /// The name of the command.
    var name: Name {
        switch self {
        case .openConversation: .conversationsOpen
        case .setUser: .usersSet
        case .importLines, .finishImport: .importing
        case .eraseUser: .eraseUser
        case .eraseMessage: .eraseMessage
        case .prune: .prune
        case .compact: .compact
        case .listRetention: .retentionList
        case .setRetention: .retentionSet
        }
    }
}

extension ControlRefusal {
    /// How the command is counted.
    var result: ControlMetrics.Result {
        switch reason {
        case .badRequest, .conflict, .notFound, .badLine: .refused
        case .overloaded, .unavailable: .failed
        }
    }
}
