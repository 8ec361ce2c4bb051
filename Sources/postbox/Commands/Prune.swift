import ArgumentParser
import Messaging

/// `postbox prune`
struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take away old messages. A server may be running.",
        discussion: """
            Messages that were sent longer ago than --older-than are gone for everybody; conversations stay, and their numbers go on \
            where they were. An old message that stands behind a newer one, because a clock was wrong or a history was imported late, \
            keeps its place and loses its content. Importing the same history again brings none of them back.

            Beside a running server they go a little at a time, and the file keeps its size. Without one it is written anew, which needs \
            up to twice its size in free room, half of that in the folder for temporary files; the tables of a PostgreSQL likewise. Backups, logs of changes, replicas and exports keep them. No cursor expires: answers say up to which number messages were removed. If it ends early, run it again.
            """)

    @Option(
        help: "The age from which on messages go: a number and d, w, m or y, such as 90d or 2y.",
        transform: Age.argument)
    var olderThan: Age

    @Option(help: "The id of a conversation to prune; may be repeated.")
    var conversation: [String] = []

    @Flag(help: "Prune every conversation: of all tenants, or of the one that --tenant names.")
    var all = false

    @OptionGroup var tenant: TenantOption
    @OptionGroup var database: DatabaseOption

    func validate() throws {
        guard all == conversation.isEmpty else {
            throw ValidationError("name each --conversation to prune, or say --all")
        }
    }

    func run() throws {
        let scope = try scope()
        let offline = try database.openForRemoval()
        defer { offline.close() }
        let pruned = try Failure.translating {
            let report = RemovalReport { "\($0) messages removed" }
            do {
                return try offline.prune(scope, before: olderThan.before(SystemClock.now()), afterStep: report.note)
            } catch MessagingError.conversationNotFound {
                throw Failure.badData("one of these conversations does not exist; nothing was pruned")
            }
        }
        print("postbox: removed \(pruned.removed) messages, and the content of \(pruned.emptied) behind newer ones")
        try DatabaseRewrite.run(offline)
    }

    private func scope() throws -> PruneScope {
        let named = try tenant.id()
        guard conversation.isEmpty else {
            let ids = try conversation.map { try ConversationID.argument($0, "--conversation") }
            return .conversations(ids, named)
        }
        return tenant.tenant == nil ? .everything : .tenant(named)
    }
}

extension Age {
    /// Reads an age from the command line.
    fileprivate static func argument(_ text: String) throws -> Age {
        guard let age = Age(text) else {
            throw ValidationError(
                "it takes a number from 1 to 9999 and a unit: d for days, w for weeks, m for months or y for years, such as 90d or 2y"
            )
        }
        return age
    }
}
