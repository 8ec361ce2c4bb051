import ArgumentParser

/// `postbox restore`
struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a backup into the place of the database. The server must be stopped.",
        discussion: """
            The backup is copied, brought to this version and checked (see "postbox check") before anything is replaced; it stays as it \
            is. The database gets a new epoch: every client fetches everything again, because its cursors may be newer than the backup.

            Exit code 65 says that the backup is damaged, 69 that it cannot be put there; nothing is replaced then.

            A PostgreSQL database is restored with its own tools; run "postbox new-life" afterwards.
            """)

    @Argument(help: "The backup.")
    var file: String

    @Flag(help: "Replace a database that is there already. What is in it is lost.")
    var force = false

    @OptionGroup var database: DatabaseOption

    func run() throws {
        let progress = CopyProgress("copied")
        try database.restore(from: file, replacing: force, progress: progress.report)
        print("postbox: \(try database.name()) is restored from \(file)")
    }
}
