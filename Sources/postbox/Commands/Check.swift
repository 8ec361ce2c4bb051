import ArgumentParser

/// `postbox check`
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for whatever is wrong with a database or a backup. A server may be running.",
        discussion: """
            Checks the file itself, its tables and references, and what always holds in a database of ours: messages are numbered \
            without gaps, read markers lie among them, a pair has one direct conversation, change numbers tell entries of a list apart, \
            and so on. Nothing is changed or mended. Meanwhile the server's write-ahead log grows by what is written.

            In a PostgreSQL database the checks of the file itself are left to pg_amcheck.

            Each thing that does not hold is one line on standard output, with its name first and the place where it was found; no line \
            holds content. Exit code 0 says that there is none, 65 that there are some, 69 that the file cannot be looked at.
            """)

    @OptionGroup var database: DatabaseOption

    func run() throws {
        let report = try database.check()
        guard report.faults.isEmpty else {
            for fault in report.faults { print(fault) }
            let count = report.faults.count
            throw Failure.badData("\(try database.name()) is damaged: \(count) \(count == 1 ? "fault" : "faults")")
        }
        print(
            "postbox: \(try database.name()) is whole, with \(report.conversations) conversations and \(report.messages) messages"
        )
    }
}
