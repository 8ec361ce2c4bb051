import ArgumentParser
import Messaging

/// `postbox users …`
struct Users: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say who people are. A server may be running.", subcommands: [Set.self])

    /// `postbox users set`
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set what others see of a user. A server may be running.",
            discussion: "What is not given stays as it is; an empty value takes it away.")

        @Argument(help: "The user id.")
        var id: String

        @Option(help: "The name others see.")
        var name: String?

        @Option(help: "The company others see.")
        var company: String?

        @OptionGroup var tenant: TenantOption
        @OptionGroup var database: DatabaseOption

        func run() throws {
            let user = try UserID.argument(id, "the user id")
            let tenant = try tenant.id()
            let store = try database.open()
            defer { store.close() }
            do throws(MessagingError) {
                try store.setPerson(Person(id: user, name: name, company: company), tenant: tenant)
            } catch {
                throw Failure.unavailable("the name could not be stored: \(error.reason)")
            }
        }
    }
}
