import ArgumentParser
import Messaging
import PostgresStore
import SQLiteStore

/// The option that says where the data is; the only place that knows which store keeps it.
struct DatabaseOption: ParsableArguments {
    /// How many reads of the store go on at a time.
    static let readers = StoreMemory.readers
    /// And of each read replica.
    static let replicaReaders = PostgresStore.replicaReaders

    @Option(
        name: .customLong("database"),
        help: """
            The database: a file, which serve, conversations, users and import make where there is none; or the address of a PostgreSQL, \
            such as postgres://user@host/name?sslmode=verify-full, whose PG... variables, service file and password file apply.
            """)
    var text = "postbox.sqlite"

    /// Refuses what is meant as the address of a server and would be taken for a file. It may have a password, so it is not repeated.
    func validate() throws {
        guard case .file(let path) = address, DatabaseAddress.looksLikeServer(path) else { return }
        throw ValidationError(
            "--database is the path of a file, or the address of a PostgreSQL that begins with postgres:, such as "
                + "postgres://user@host/name or \"postgres:host=... dbname=...\"")
    }

    /// Where the data is.
    var address: DatabaseAddress { DatabaseAddress(text) }

    /// A store that is open for a server.
    struct Opened {
        let store: any MessageStore & OperatorStore & RetentionStore
        let place: DatabasePlace
        /// What the database is called in logs, without any password.
        let name: String
        /// The store, where operators' commands must go through this process because no other one may write.
        let commands: (any ServedStore)?
    }

    /// What the database is called in messages to people, without any password.
    func name() throws -> String {
        switch address {
        case .file(let path): path
        case .postgres(let text): try Failure.translating { try PostgresAddress(text).description }
        }
    }

    /// Opens the database for a command: the file itself, or the control socket of the server that has it open; a PostgreSQL beside whatever
    /// serves it.
    func open() throws -> any OperatorCommands {
        try Failure.translating {
            switch address {
            case .file(let path):
                try HeldDatabase(path: path).open { () throws -> (any OperatorCommands)? in
                    try Self.unlessHeld { try SQLiteStore(path: path) }
                } orConnect: { address throws(ControlError) in
                    try RemoteOperator(address)
                }
            case .postgres(let text): try PostgresStore(address: text, version: Version.current)
            }
        }
    }

    /// Opens a file; nil where another process has it.
    private static func unlessHeld<Way>(_ open: () throws -> Way) throws -> Way? {
        do {
            return try open()
        } catch SQLiteStoreError.held {
            return nil
        }
    }

    /// Opens the database for an import, as ``open()`` does.
    func openForImport() throws -> ImportWay {
        try Failure.translating {
            switch address {
            case .file(let path):
                try HeldDatabase(path: path).open { () throws -> ImportWay? in
                    try Self.unlessHeld { .store(try SQLiteStore(path: path)) }
                } orConnect: { address throws(ControlError) in
                    .server(try RemoteOperator(address))
                }
            case .postgres(let text): .store(try PostgresStore(address: text, version: Version.current))
            }
        }
    }

    /// The ways of an import.
    enum ImportWay {
        /// Into a database that no server has open: one transaction.
        case store(any OperatorStore)
        /// Through the server that has it open: in batches.
        case server(RemoteOperator)
    }

    /// Opens the database for a server.
    ///
    /// - Parameters:
    ///   - checkpoints: of a file, false where another process copies the write-ahead log into the database.
    ///   - replicated: of a PostgreSQL, whether a write is answered only once a synchronous standby has it.
    ///   - freshnessBound: of a PostgreSQL, the greatest age of what memory answers with beside other nodes.
    ///   - readReplicas: of a PostgreSQL, the addresses of standbys that older pages may be read from.
    func open(
        observer: any CommitObserver, checkpoints: Bool, replicated: Bool, freshnessBound: Duration,
        readReplicas: [String], committed: @escaping @Sendable (GroupCommit) -> Void,
        changed: @escaping @Sendable (HealthTransition) -> Void,
        replicaChanged: @escaping @Sendable (ReplicaTransition) -> Void
    ) throws -> Opened {
        try Failure.translating {
            switch address {
            case .file(let path):
                let store = try SQLiteStore(
                    path: path, observer: observer, checkpoints: checkpoints, committed: committed, changed: changed)
                return Opened(store: store, place: .file(store.path), name: path, commands: store)
            case .postgres(let text):
                let store = try PostgresStore(
                    address: text, observer: observer, replicated: replicated, freshnessBound: freshnessBound,
                    version: Version.current, readReplicas: try Self.replicas(readReplicas), committed: committed,
                    changed: changed, replicaChanged: replicaChanged)
                return Opened(
                    store: store,
                    place: .server { [weak store] in
                        .init(
                            open: ConnectionCounts.open, broken: ConnectionCounts.broken,
                            nodes: store.map { NodeFigures($0.nodeStatistics) },
                            replicas: store.map { ReplicaFigures($0.replicaStatistics) })
                    },
                    name: store.place, commands: nil)
            }
        }
    }

    private static func replicas(_ addresses: [String]) throws -> [PostgresAddress] {
        try addresses.map { text in
            guard case .postgres(let address) = DatabaseAddress(text) else {
                preconditionFailure("the options of serve are checked before")
            }
            do {
                return try PostgresAddress(address)
            } catch PostgresError.badAddress(let reason) {
                throw Failure.badUsage("the address in --read-replica is not valid: \(reason)")
            }
        }
    }

    /// Opens the database for a command that only looks, whether a server runs or not.
    func openReadOnly() throws -> any DataReader {
        try Failure.translating {
            switch address {
            case .file(let path): try ReadOnlyDatabase(path: path)
            case .postgres(let text): try ReadOnlyPostgres(address: text)
            }
        }
    }

    /// All processes that serve a PostgreSQL or change it, a line of figures for each.
    func nodes() throws -> [[String]] {
        guard case .postgres(let text) = address else {
            throw Failure.badUsage("nodes is for PostgreSQL: one process serves a database file")
        }
        return try Failure.translating {
            try ReadOnlyPostgres(address: text).nodes().map { node in
                [
                    node.name, node.version.isEmpty ? "-" : node.version, node.joined.rfc3339,
                    node.position.map(String.init) ?? "-", String(node.behind),
                    node.isAlone ? "alone" : node.lookAge.map { "\($0) ms" } ?? "-", "\(node.bound) ms",
                ]
            }
        }
    }

    /// Opens the database, which must exist, for a command that removes something from it, as ``open()`` does.
    func openForRemoval() throws -> any DataRemover {
        try Failure.translating {
            switch address {
            case .file(let path):
                try HeldDatabase(path: path).open { () throws -> (any DataRemover)? in
                    try Self.unlessHeld { try OfflineDatabase(path: path) }
                } orConnect: { address throws(ControlError) in
                    try RemoteOperator(address)
                }
            case .postgres(let text): try PostgresStore(address: text, mustExist: true, version: Version.current)
            }
        }
    }

    /// Looks for whatever is wrong with the database.
    func check() throws -> CheckReport {
        try Failure.translating {
            switch address {
            case .file(let path): try ReadOnlyDatabase.check(path: path)
            case .postgres(let text): try ReadOnlyPostgres.check(address: text)
            }
        }
    }

    /// Begins a new epoch in a PostgreSQL that was restored.
    func beginNewEpoch() throws {
        guard case .postgres(let text) = address else {
            throw Failure.badUsage(
                "new-life is for PostgreSQL: a database file gets a new epoch from \"postbox restore\", which puts a backup in its place"
            )
        }
        try Failure.translating { _ = try RestoredPostgres(address: text).beginEpoch() }
    }

    /// The most bytes of memory for pages of the database, or for what a database server sends.
    ///
    /// - Parameters:
    ///   - answer: the most bytes of a page of an answer.
    ///   - reads: how many pages are read at the same time.
    func pageMemory(answer: Int, reads: Int) -> Int {
        switch address {
        case .file: StoreMemory.pages
        // The client library holds the rows of each read until they are taken.
        case .postgres: reads * answer
        }
    }

    /// The most bytes of memory for operators' commands to a server.
    var commandMemory: Int {
        switch address {
        case .file: ControlServer.largestMemory + StoreMemory.imports
        case .postgres: 0
        }
    }

    /// Copies the database to a file.
    ///
    /// - Parameters:
    ///   - rest: waits for so long; called between two steps. What it throws ends the backup and is thrown on.
    ///   - progress: called after each step with the pages that are copied, and all pages.
    func backUp(
        to destination: String, rest: @escaping (Duration) throws -> Void, progress: @escaping (Int, Int) -> Void
    ) throws {
        guard case .file(let path) = address else {
            throw Failure.badUsage(
                """
                postbox backup copies a database file; copy a PostgreSQL with pg_dump, or with pg_basebackup and an archive of its log, \
                and run "postbox new-life" after restoring it
                """)
        }
        try Failure.translating {
            try ReadOnlyDatabase(path: path).backUp(to: destination, rest: rest) { progress($0.done, $0.total) }
        }
    }

    /// Whether a file, which must not be open in this process, is a complete backup, as far as its header says.
    static func isCompleteBackup(_ path: String) -> Bool { BackupFile.isComplete(path) }

    /// Puts a backup into the place of the database.
    ///
    /// - Parameter progress: called from time to time with the pages that are copied, and all pages.
    func restore(from backup: String, replacing: Bool, progress: @escaping (Int, Int) -> Void) throws {
        guard case .file(let path) = address else {
            throw Failure.badUsage(
                """
                postbox restore puts a backup in the place of a database file; restore a PostgreSQL with pg_restore, psql or a base \
                backup, and run "postbox new-life" then
                """)
        }
        try Failure.translating {
            try ReadOnlyDatabase(path: backup).restore(to: path, replacing: replacing) { progress($0.done, $0.total) }
        }
    }
}

extension ReplicaFigures {
    fileprivate init(_ statistics: ReplicaStatistics) {
        self.init(
            up: statistics.replicas, pages: statistics.pages,
            misses: ReplicaMiss.allCases.map { ($0.name, statistics.misses[$0] ?? 0) })
    }
}

extension NodeFigures {
    fileprivate init(_ statistics: NodeStatistics) {
        self.init(
            nodes: statistics.nodes, isAlone: statistics.isAlone, lookAge: statistics.lookAge,
            looks: statistics.counts.looks, lookSeconds: statistics.counts.lookSeconds, rows: statistics.counts.rows,
            restarts: statistics.counts.restarts)
    }
}

extension Failure {
    /// Runs an operation, and turns errors of the database or the disk into a failure.
    static func translating<Answer>(_ work: () throws -> Answer) throws -> Answer {
        do {
            return try work()
        } catch let error as SQLiteStoreError {
            switch error {
            case .damaged: throw badData(error.description)
            case .notAFileName: throw badUsage(error.description)
            default: throw unavailable(error.description)
            }
        } catch let error as PostgresStoreError {
            switch error {
            case .damaged: throw badData(error.description)
            case .connection(.badAddress): throw badUsage(error.description)
            default: throw unavailable(error.description)
            }
        } catch let error as PostgresError {
            let error = PostgresStoreError.connection(error)
            if case .connection(.badAddress) = error { throw badUsage(error.description) }
            throw unavailable(error.description)
        } catch MessagingError.storeUnavailable(let text) {
            throw unavailable(text)
        } catch let error as CopyError {
            if case .damaged = error { throw badData(error.description) }
            throw unavailable(error.description)
        }
    }
}
