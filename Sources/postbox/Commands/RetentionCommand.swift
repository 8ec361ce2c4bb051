import ArgumentParser
import Messaging

/// `postbox retention …`
struct RetentionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "Say how long the messages of a tenant are kept. A server may be running.",
        discussion: """
            "postbox serve" removes older messages by itself, in the hours that --retain-hours says. Tenants without a rule here are kept \
            as long as --retain says.
            """,
        subcommands: [Set.self, Unset.self, List.self])

    /// `postbox retention set`
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set how long the messages of a tenant are kept. A server may be running.")

        @Argument(
            help: "The age from which on messages go, a number and d, w, m or y, such as 90d or 2y; or forever.",
            transform: Retention.argument)
        var age: Retention

        @OptionGroup var tenant: TenantOption
        @OptionGroup var database: DatabaseOption

        func run() throws {
            let tenant = try tenant.id()
            try database.withRetentionStore { try $0.setRetention(age, of: tenant) }
        }
    }

    /// `postbox retention unset`
    struct Unset: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove the rule of a tenant. A server may be running.")

        @OptionGroup var tenant: TenantOption
        @OptionGroup var database: DatabaseOption

        func run() throws {
            let tenant = try tenant.id()
            try database.withRetentionStore { try $0.setRetention(nil, of: tenant) }
        }
    }

    /// `postbox retention list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the rules, a tenant and an age in each line. A server may be running.")

        @OptionGroup var database: DatabaseOption

        func run() throws {
            let rules = try database.withRetentionStore { try $0.retentions() }
            for (tenant, retention) in rules.sorted(by: { $0.key.text < $1.key.text }) {
                print("\(tenant.text)\t\(retention.text)")
            }
        }
    }
}

extension DatabaseOption {
    /// Opens the database, or asks the server that has it open, and does something about retention in it.
    func withRetentionStore<Answer>(_ work: (any RetentionRuleStore) throws -> Answer) throws -> Answer {
        let store = try open()
        defer { store.close() }
        do {
            return try work(store)
        } catch {
            throw Failure.unavailable(
                "the rules of retention could not be read or stored: \(Failure.reason(of: error))")
        }
    }
}
