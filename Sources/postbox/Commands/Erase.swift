import ArgumentParser
import Messaging

/// `postbox erase …`
struct Erase: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Erase what is known of people. A server on a file must be stopped.", subcommands: [User.self])

    /// `postbox erase user`
    struct User: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Erase a user's name, company and the content of their messages. A server on a file must be stopped.",
            discussion: """
                Their messages stay in the others' histories, with their numbers and times, and with nothing in them. Their user id stays \
                where they take part; what others wrote stays. A signed-in user's name comes back with their next token.

                The file is overwritten where the content was and written anew, which needs up to twice its size in free room, half of \
                that in the folder for temporary files; of a PostgreSQL, its tables are. Backups, logs of changes, replicas, exports and what clients have stored keep it: that is yours to \
                delete. Importing the same history again brings it back.

                Every client is told to fetch anew. Exit code 65 says that nobody of that id is known.
                """)

        @Argument(help: "The user id.")
        var id: String

        @OptionGroup var tenant: TenantOption
        @OptionGroup var database: DatabaseOption

        func run() throws {
            let user = try UserID.argument(id, "the user id")
            let tenant = try tenant.id()
            let offline = try database.openOffline()
            defer { offline.close() }
            try Failure.translating {
                guard let messages = try offline.erase(user, tenant: tenant) else {
                    throw Failure.badData("nobody is known as \(user); nothing was erased")
                }
                print("postbox: erased what was known of \(user), and the content of \(messages) messages")
            }
            try DatabaseRewrite.run(offline)
        }
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
                "that is done, but the database could not be written anew without it; make room and run this again: \(error)"
            )
        }
    }
}
