import ArgumentParser
import Messaging
import StoreWork

/// `postbox erase …`
struct Erase: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Erase what is known of people, or a message. A server may be running.",
        subcommands: [User.self, Message.self])

    /// `postbox erase user`
    struct User: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Erase a user's name, company and the content of their messages. A server may be running.",
            discussion: """
                Their messages stay in the others' histories, with their numbers and times, and with nothing in them. Their user id stays \
                where they take part; what others wrote stays. A signed-in user's name comes back with their next token.

                Beside a running server the file is overwritten where the content was, a little at a time; in the files of a PostgreSQL it \
                stays until other rows are written there. Without a server all is also written anew, which needs up to twice its size in \
                free room, of a file half of that in the folder for temporary files. Backups, logs of changes, replicas, exports and what clients have stored keep it: that is yours to \
                delete. Importing the same history again brings it back.

                Clients fetch the conversations anew in which something was erased. If it ends early, run it again. Exit code 65 says that nobody of that id is known.
                """)

        @Argument(help: "The user id.")
        var id: String

        @OptionGroup var tenant: TenantOption
        @OptionGroup var database: DatabaseOption

        func run() throws {
            let user = try UserID.argument(id, "the user id")
            let tenant = try tenant.id()
            let offline = try database.openForRemoval()
            defer { offline.close() }
            try Failure.translating {
                let report = RemovalReport { "the content of \($0) messages erased" }
                guard let messages = try offline.erase(user, tenant: tenant, afterStep: report.note) else {
                    throw Failure.badData(
                        "nobody is known as \(user); nothing was erased\(Self.completeEarlier(offline))")
                }
                print("postbox: erased what was known of \(user), and the content of \(messages) messages")
            }
            try DatabaseRewrite.run(offline)
        }

        /// Removes what a run that was killed may have left in the files, also where the user is not known any more: the name of somebody
        /// who takes part in nothing goes in one step.
        ///
        /// - Returns: the end of a sentence that says why this failed, or nothing.
        private static func completeEarlier(_ offline: any DataRemover) -> String {
            do {
                try offline.compact()
                return ""
            } catch {
                return
                    ", and what an earlier run erased may still be in the database's files: \(Failure.reason(of: error))"
            }
        }
    }
}

extension Erase {
    /// `postbox erase message`
    struct Message: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Erase the content of one message. A server may be running.",
            discussion: """
                The message stays with its number, sender and time, and with nothing in it. Its copies are the same as with "postbox erase \
                user". Clients fetch the conversation anew. Exit code 65 says that there is no such message.
                """)

        @Argument(help: "The message id, such as conv-456:42.")
        var id: String

        @OptionGroup var tenant: TenantOption
        @OptionGroup var database: DatabaseOption

        func run() throws {
            guard let message = MessageID(id) else {
                throw Failure.badUsage(
                    "\(id) is no message id: it is a conversation's id, a colon and a number, such as conv-456:42")
            }
            let tenant = try tenant.id()
            let offline = try database.openForRemoval()
            defer { offline.close() }
            try Failure.translating {
                guard let hadContent = try offline.erase(message, tenant: tenant) else {
                    throw Failure.badData("there is no message \(id); nothing was erased")
                }
                print("postbox: \(hadContent ? "erased the content of" : "there was no content in") \(id)")
            }
            try DatabaseRewrite.run(offline)
        }
    }
}

/// Tells from time to time how far a removal is.
final class RemovalReport {
    /// After how many messages that is told.
    static let interval = 10_000

    private let sentence: (Int) -> String
    private var reported = 0

    /// - Parameter sentence: says it of a number of messages.
    init(_ sentence: @escaping (Int) -> String) {
        self.sentence = sentence
    }

    /// Takes note of a step, and rests where other writes had to wait for it.
    func note(_ step: RemovalProgress) {
        if step.messages / Self.interval > reported / Self.interval {
            reported = step.messages
            Report.line(sentence(step.messages))
        }
        Pause.take(StepPace.rest(after: step.held))
    }
}

/// The second half of every command that removes data: it rewrites the file without it.
enum DatabaseRewrite {
    /// Rewrites the file without the removed data.
    static func run(_ offline: any DataRemover) throws {
        do {
            try offline.compact()
        } catch {
            throw Failure.unavailable(
                "that is done, but the database's files still have what is gone (\(Failure.reason(of: error))); mend that and run this again"
            )
        }
    }
}
