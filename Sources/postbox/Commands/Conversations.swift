import ArgumentParser
import Foundation
import Messaging

/// `postbox conversations …`
struct Conversations: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Open conversations. A server may be running.", subcommands: [Open.self])

    /// `postbox conversations open`
    struct Open: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open a conversation and print its id. A server may be running.",
            discussion: """
                Without --id, two people get their one direct conversation, which is found if it is there already; three or \
                more get a new one.
                """)

        @Option(help: "The user ids of everybody in it, separated by commas.")
        var participants: String

        @Option(help: "The id to give it.")
        var id: String?

        @OptionGroup var tenant: TenantOption
        @OptionGroup var database: DatabaseOption

        func run() throws {
            let users = try CommaSeparated.items(of: participants).map { name in
                try UserID.argument(String(name), "--participants")
            }
            let id = try conversationID()
            let opening: NewConversation
            do throws(MessagingError) {
                opening = try NewConversation(
                    id: id, participants: users, isDirect: self.id == nil && Set(users).count == 2)
            } catch {
                throw Failure.badUsage(
                    "a conversation needs between 2 and \(NewConversation.largestGroup) participants")
            }
            let tenant = try tenant.id()
            let store = try database.open()
            defer { store.close() }
            do throws(MessagingError) {
                print(try store.open(opening, tenant: tenant, at: SystemClock.now()).text)
            } catch .invalidMessage {
                throw Failure.badData("there is a conversation \(id) with other participants already")
            } catch {
                throw Failure.unavailable("the conversation could not be stored: \(error.reason)")
            }
        }

        private func conversationID() throws -> ConversationID {
            guard let id else { return RandomIDs.conversation() }
            guard case .id(let given) = ConversationReference(id) else {
                throw Failure.badUsage("--id: an id has 1 to 255 bytes, no control characters and no @ at its start")
            }
            return given
        }
    }
}
