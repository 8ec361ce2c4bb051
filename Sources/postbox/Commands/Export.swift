import ArgumentParser
import Foundation
import Messaging

/// `postbox export`
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write everything, or what one user can see, to standard output. A server may be running.",
        discussion: """
            The lines are those that import reads. What is written is one moment: people, and conversation by conversation its messages and read markers. Imported into an \
            empty database it gives the same again: the same numbers, times, keys and order of lists. Cursors of one database are not \
            good in the other. See "postbox import --help" for the lines.

            With --user, it is what this user can see: their name and company, the conversations that they take part in, with the messages of \
            everybody there, the names of the others, and the user's own read markers. Exit code 65 says that nobody of that id is known.

            What comes out is whole only if the exit code is 0. While it is written, the server's write-ahead log grows by what is \
            written there.
            """)

    private static let blockSize = 1 << 16
    private static let linesBetweenReports = 100_000

    @Option(help: "The id of the only user whose data is written.")
    var user: String?

    @OptionGroup var tenant: TenantOption
    @OptionGroup var database: DatabaseOption

    func validate() throws {
        guard user != nil || tenant.tenant == nil else {
            throw ValidationError("--tenant says in which tenant the --user is; everything is of all tenants")
        }
    }

    func run() throws {
        let tenant = try tenant.id()
        let owner = try user.map { Caller(tenant: tenant, user: try UserID.argument($0, "--user")) }
        let source = try database.openReadOnly()
        var (block, lines) = (Data(), 0)
        try Failure.translating {
            try source.export(of: owner) { record in
                block += try ImportLine.bytes(of: record)
                lines += 1
                if lines.isMultiple(of: Self.linesBetweenReports) { Report.line("\(lines) lines written") }
                if block.count >= Self.blockSize { try Self.write(&block) }
            }
        }
        try Self.write(&block)
        if lines == 0, let owner { throw Failure.badData("nobody is known as \(owner.user)") }
    }

    private static func write(_ block: inout Data) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: block)
        } catch {
            throw Failure(message: "standard output cannot be written: \(error)", exitCode: 74)
        }
        block.removeAll(keepingCapacity: true)
    }
}
