import Foundation
import Glibc

/// A PostgreSQL server for the tests of one process: on a Unix socket only, in a temporary folder of its own.
///
/// It starts with the first test that asks for it. When the process has ended, in whatever way, it is stopped and its folder removed.
package final class PostgresServer: Sendable {
    /// Why there is no server; a sentence.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) {
            self.description = description
        }
    }

    /// The server of this process, or why it has none; blocks while it starts.
    package static let shared = Result { try PostgresServer() }

    /// The folder of the socket.
    package let socketFolder: String
    /// The folder of the programs, such as `psql`.
    package let programs: String
    /// Ends the server when it is closed, as the kernel does when this process ends.
    private let lifeline: Int32
    private let settings: [String: String]

    /// Starts a server with these further settings; blocks until it takes connections.
    ///
    /// - Parameters:
    ///   - fsync: whether what it confirms is on disk.
    ///   - settings: further settings of the server, such as `max_connections`.
    /// - Throws: ``Failure``.
    package convenience init(fsync: Bool = false, settings: [String: String] = [:]) throws {
        try self.init(fsync: fsync, settings: settings, copyOf: nil)
    }

    /// Starts a standby that follows a server, which needs `wal_level = replica` and `max_wal_senders`; blocks until it takes connections.
    ///
    /// - Throws: ``Failure``.
    package convenience init(standbyOf primary: PostgresServer) throws {
        // It needs as many connections and senders as its primary.
        try self.init(fsync: false, settings: primary.settings, copyOf: primary)
    }

    private init(fsync: Bool, settings: [String: String], copyOf primary: PostgresServer?) throws {
        programs = try Self.installedPrograms()
        self.settings = settings
        socketFolder =
            URL(fileURLWithPath: NSTemporaryDirectory()).path + "/postbox-pg-\(UInt32.random(in: 0 ... .max))"
        var all = ["fsync": fsync ? "on" : "off", "full_page_writes": fsync ? "on" : "off"]
        all.merge(Self.defaults) { own, _ in own }
        all.merge(settings) { $1 }
        all["unix_socket_directories"] = socketFolder
        lifeline = try Self.start(
            folder: socketFolder, programs: programs, primary: primary?.socketFolder ?? "",
            options: all.sorted { $0.key < $1.key }.map { "-c '\($0.key)=\($0.value)'" }.joined(separator: " "))
    }

    deinit { close(lifeline) }

    /// A parallel plan or a compiled one would cost more than the small tables of a test ever save.
    private static let defaults = [
        "listen_addresses": "", "jit": "off", "max_connections": "200", "shared_buffers": "64MB",
        "max_parallel_workers_per_gather": "0", "autovacuum": "off", "max_wal_size": "1GB", "wal_level": "minimal",
        "max_wal_senders": "0", "lc_messages": "C", "log_min_messages": "warning",
    ]

    /// The programs of the newest version that is installed as Debian installs it.
    private static func installedPrograms() throws -> String {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root))?.compactMap { Int($0) } ?? []
        let found = versions.filter { FileManager.default.isExecutableFile(atPath: "\(root)/\($0)/bin/postgres") }.max()
        guard let found, found >= 15 else {
            throw Failure(
                description: """
                    There is no PostgreSQL 15 or later in \(root), which the tests need: install Debian's package \
                    postgresql-15 (Debian 12) or postgresql-17 (Debian 13), or set POSTBOX_STORES=sqlite to leave its tests out.
                    """)
        }
        return "\(root)/\(found)/bin"
    }

    /// Starts the shell that runs the server until its input ends; returns the descriptor that keeps it open.
    ///
    /// - Parameter primary: the folder of the socket of the server that it follows; empty where it follows none.
    private static func start(
        folder: String, programs: String, primary: String, options: String
    ) throws -> Int32 {
        var input: [Int32] = [0, 0]
        guard pipe(&input) == 0 else { throw Failure(description: "no pipe: \(errno)") }
        // Not for other child processes: one that outlives this process would keep the server.
        _ = fcntl(input[1], F_SETFD, FD_CLOEXEC)
        defer { close(input[0]) }
        let output = Pipe()
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        shell.arguments = ["/bin/sh", "-c", script, "postbox-test-server", folder, programs, options, primary]
        shell.standardInput = FileHandle(fileDescriptor: input[0], closeOnDealloc: false)
        shell.standardOutput = output
        do {
            try shell.run()
            let answer = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            guard answer == "ready\n" else { throw Failure(description: "PostgreSQL did not start: \(answer)") }
        } catch {
            close(input[1])
            throw error
        }
        return input[1]
    }

    /// PostgreSQL does not run as root, so root runs it as the user of Debian's package. A signal to the group of the tests, as from
    /// a terminal, must not end the shell before it has stopped the server.
    private static let script = """
        trap '' INT HUP TERM
        folder=$1 programs=$2 options=$3 primary=$4 as=
        cd /
        mkdir -m 755 "$folder" || exit 1
        if [ "$(id -u)" = 0 ]; then
            as='setpriv --reuid=postgres --regid=postgres --init-groups'
            chown postgres: "$folder"
        fi
        make() {
            if [ "$primary" ]; then
                $as "$programs/pg_basebackup" -D "$folder/data" --no-sync --checkpoint=fast --write-recovery-conf \\
                    --dbname="host=$primary user=postbox"
            else
                $as "$programs/initdb" -D "$folder/data" -U postbox --auth=trust --encoding=UTF8 --locale=C --no-sync \\
                    --no-instructions
            fi
        }
        if make >"$folder/start" 2>&1 </dev/null &&
            $as "$programs/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 -o "$options" start >"$folder/start" 2>&1 </dev/null
        then
            echo ready
            exec >/dev/null
            cat >/dev/null
            $as "$programs/pg_ctl" -D "$folder/data" -m immediate -w stop </dev/null >/dev/null 2>&1
        else
            cat "$folder/start" "$folder/log" 2>&1
        fi
        rm -rf "$folder"
        """
}

extension PostgresServer {
    /// Runs SQL in a database and returns its rows, unaligned and without headers; blocks.
    ///
    /// - Throws: ``Failure`` with what PostgreSQL says.
    @discardableResult
    package func run(_ sql: String, in database: String = "postgres") throws -> String {
        let server = ["-h", socketFolder, "-U", "postbox", "-d", database]
        let psql = try ProgramRun(programs + "/psql", ["-XqAt", "-v", "ON_ERROR_STOP=1"] + server + ["-c", sql])
        let answer = psql.output
        guard psql.code == 0 else { throw Failure(description: answer) }
        return answer.hasSuffix("\n") ? String(answer.dropLast()) : answer
    }
}
