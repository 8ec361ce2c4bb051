import ArgumentParser
import Glibc

/// `postbox backup`
struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the database to a file, as it is at this moment. A server may be running.",
        discussion: """
            The copy is one file without a log beside it, checked and on disk when the command ends with exit code 0. It is written as \
            FILE.partial, so that an earlier backup of that name stays until the new one is whole; anything else than a backup is not \
            replaced. Copying rests twice as long as it works, so that a server beside it keeps its pace. Meanwhile the server's \
            write-ahead log grows by what is written.

            A PostgreSQL database is copied with its own tools: pg_dump, or pg_basebackup with an archive of its log.

            To use a backup, see "postbox restore". It keeps what is erased or pruned later: delete old ones in time.
            """)

    @Argument(help: "The file to make or to replace.")
    var destination: String

    @OptionGroup var database: DatabaseOption

    func run() throws {
        Signals.block()
        // Where there is not enough for both, the server comes first.
        _ = nice(10)
        let progress = CopyProgress("copied")
        try database.backUp(to: destination, rest: Self.rest, progress: progress.report)
        print("postbox: \(destination) is a backup of \(try database.name())")
    }

    private static func rest(for duration: Duration) throws {
        guard Signals.next(within: max(duration, .milliseconds(1))) != .stop else {
            throw Failure(message: "stopped; there is no new backup", exitCode: 130)
        }
    }
}

/// Prints the progress of a copy: once a second, and at the end.
final class CopyProgress {
    private var next = ContinuousClock.now + .seconds(1)
    private let verb: String

    /// - Parameter verb: what is done with the pages, such as "copied".
    init(_ verb: String) {
        self.verb = verb
    }

    func report(_ done: Int, of total: Int) {
        guard ContinuousClock.now >= next || done == total else { return }
        next = .now + .seconds(1)
        let share = total == 0 ? 100 : done * 100 / total
        Report.line("\(share) % \(verb), \(done) of \(total) pages")
    }
}
