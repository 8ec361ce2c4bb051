import ArgumentParser
import Foundation
import Messaging

/// `postbox conversations …`
struct Conversations: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Open conversations. The server must be stopped.", subcommands: [Open.self])

    /// `postbox conversations open`
    struct Open: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open a conversation and print its id. The server must be stopped.",
            discussion: """
                Without --id, two people get their one direct conversation, which is found if it is there already; three or \
                more get a new one.
                """)

        @Option(help: "The user ids of everybody in it, separated by commas.")
        var participants: String

        @Option(help: "The id to give it.")
        var id: String?

        @OptionGroup var database: DatabaseOption

        func run() throws {
            let users = try participants.split(separator: ",").map { try UserID.argument(String($0), "--participants") }
            let opening: Opening
            do throws(MessagingError) {
                let isDirect = id == nil && Set(users).count == 2
                opening = try Opening(id: conversationID(), participants: users, isDirect: isDirect)
            } catch {
                throw Failure.badUsage("a conversation needs between 2 and \(Opening.largestGroup) participants")
            }
            let store = try database.open()
            defer { store.close() }
            print(try store.open(opening, tenant: .none, at: SystemClock.now()).text)
        }

        private func conversationID() throws(MessagingError) -> ConversationID {
            guard let id else { return RandomIDs.conversation() }
            guard case .id(let given) = ConversationReference(id) else {
                throw .invalidMessage("")
            }
            return given
        }
    }
}
