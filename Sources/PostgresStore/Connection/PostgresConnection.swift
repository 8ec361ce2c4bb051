import CPostgres
import Glibc
import Synchronization

/// Tells the waits of connections to end; any thread may raise it.
final class PostgresInterrupt: Sendable {
    private let raised = Atomic<Bool>(false)

    var isRaised: Bool { raised.load(ordering: .relaxed) }

    /// Ends all waits, within a tenth of a second.
    func raise() { raised.store(true, ordering: .relaxed) }
}

/// A connection to PostgreSQL, used by one thread: it is not Sendable, so the compiler keeps it there.
///
/// Each wait has a limit of its own. Once a statement has exceeded it, or the connection broke, ``isBroken`` is true and nothing else
/// runs on it.
final class PostgresConnection {
    /// The use of a connection; it decides the settings of its session.
    enum Role {
        /// Writes, and may wait for a standby for as long as that takes.
        case writer
        /// Reads; the server ends a statement that takes longer than ``readLimit``.
        case reader
        /// Reads older pages from a standby; the server ends a statement that takes longer than ``ReadReplica/limit``.
        case replica
        /// A command of an operator: some statements take minutes.
        case maintenance
    }

    /// How long one read may take.
    static let readLimit = Duration.seconds(5)

    let handle: OpaquePointer
    let address: PostgresAddress
    private let interrupt: PostgresInterrupt?
    private let warningCount: UnsafeMutablePointer<Int32>
    /// Whether the connection leads to one session of the server: then statements can be prepared, and settings stay. A pooler gives us a
    /// process id of its own invention.
    private(set) var isDirect = false
    /// Whether nothing can run on it any more.
    private(set) var isBroken = false
    private var prepared: [String: String] = [:]

    /// Connects, and checks that the server can be used; blocks for at most `connect_timeout` for each address of each host.
    ///
    /// - Parameter interrupt: ends waits when raised; a connection attempt goes on until its own limit.
    init(
        _ address: PostgresAddress, role: Role, interrupt: PostgresInterrupt? = nil
    ) throws(PostgresError) {
        self.address = address
        self.interrupt = interrupt
        handle = try Self.connect(address, role)
        ConnectionCounts.countOpened()
        warningCount = .allocate(capacity: 1)
        warningCount.initialize(to: 0)
        postbox_pq_count_warnings(handle, warningCount)
        guard postbox_pq_set_nonblocking(handle) == 0 else { throw failure() }
        try begin(role)
    }

    deinit {
        ConnectionCounts.countClosed(isBroken: isBroken)
        postbox_pq_finish(handle)
        warningCount.deallocate()
    }

    /// The process of the server that runs our statements; nil where a pooler hides it.
    var serverProcess: Int32? { isDirect ? postbox_pq_backend_pid(handle) : nil }

    /// How many warnings the server has sent.
    var warnings: Int { Int(warningCount.pointee) }

    /// Whether the next statement may run on it: it has not failed, and the server has not closed it meanwhile.
    ///
    /// To look costs one system call. Without it, the first write after a restart of the server would be in doubt.
    func isUsable() -> Bool {
        var patience: Int32 = 0
        while !isBroken {
            var descriptor = pollfd(fd: postbox_pq_socket(handle), events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, patience) > 0 else { return true }
            if postbox_pq_consume_input(handle) != 1 { isBroken = true }
            // Nearly always it is the server's farewell, and the end of the connection follows.
            patience = 50
        }
        return false
    }

    /// Runs one statement and returns its rows; waits for at most `limit`, or without end where that is nil.
    ///
    /// - Throws: ``PostgresError``.
    @discardableResult
    func run(
        _ sql: String, _ values: [PostgresValue] = [], within limit: Duration?
    ) throws(PostgresError) -> PostgresRows {
        try run(PostgresParameters(values), within: limit) { parameters in
            parameters.withPointers { values, lengths, formats in
                postbox_pq_send_query_params(
                    handle, sql, Int32(parameters.count), parameters.types, values, lengths, formats)
            }
        }
    }

    /// Runs one statement that is given often: the server keeps it prepared where the connection is direct.
    ///
    /// - Throws: ``PostgresError``.
    @discardableResult
    func runOften(
        _ sql: String, _ values: [PostgresValue], within limit: Duration?
    ) throws(PostgresError) -> PostgresRows {
        guard isDirect else { return try run(sql, values, within: limit) }
        let parameters = PostgresParameters(values)
        do {
            let name = try prepare(sql, parameters, within: limit)
            return try run(parameters, within: limit) { parameters in
                parameters.withPointers { values, lengths, formats in
                    postbox_pq_send_query_prepared(handle, name, Int32(parameters.count), values, lengths, formats)
                }
            }
        } catch PostgresError.refused("26000", _), PostgresError.refused("42P05", _),
            PostgresError.refused("0A000", _)
        {
            // A pooler that hides itself has changed the session below, or another program has changed a table: nothing ran.
            isDirect = false
            return try run(sql, values, within: limit)
        }
    }

    /// Runs several statements without parameters, separated by semicolons, in one transaction.
    ///
    /// - Throws: ``PostgresError``.
    func runScript(_ sql: String, within limit: Duration?) throws(PostgresError) {
        _ = try run(PostgresParameters([]), within: limit) { _ in postbox_pq_send_query(handle, sql) }
    }

    /// Runs statements in one transaction, which is rolled back where `body` throws.
    ///
    /// - Parameter limit: the longest wait for its beginning; the commit waits without end, because it may wait for a standby.
    func transaction<Result>(within limit: Duration?, _ body: () throws -> Result) throws -> Result {
        try run("BEGIN ISOLATION LEVEL READ COMMITTED", within: limit)
        do {
            let result = try body()
            try run("COMMIT", within: nil)
            return result
        } catch {
            if !isBroken { _ = try? run("ROLLBACK", within: limit ?? Self.readLimit) }
            throw error
        }
    }

    private func prepare(
        _ sql: String, _ parameters: PostgresParameters, within limit: Duration?
    ) throws(PostgresError) -> String {
        if let name = prepared[sql] { return name }
        let name = "postbox_\(prepared.count + 1)"
        _ = try run(parameters, within: limit) { parameters in
            postbox_pq_send_prepare(handle, name, sql, Int32(parameters.count), parameters.types)
        }
        prepared[sql] = name
        return name
    }

    private func run(
        _ parameters: PostgresParameters, within limit: Duration?, send: (PostgresParameters) -> Int32
    ) throws(PostgresError) -> PostgresRows {
        guard !isBroken else { throw .unreachable(reason: "the connection is broken") }
        let deadline = limit.map { ContinuousClock.now + $0 }
        guard send(parameters) == 1 else { throw failure() }
        do {
            try flush(until: deadline)
            return try result(until: deadline)
        } catch {
            if Int(postbox_pq_status(handle)) != POSTBOX_PQ_CONNECTION_OK { isBroken = true }
            throw error
        }
    }
}

extension PostgresConnection {
    private func flush(until deadline: ContinuousClock.Instant?) throws(PostgresError) {
        while true {
            switch postbox_pq_flush(handle) {
            case 0: return
            case 1:
                let ready = try wait(for: Int16(POLLIN | POLLOUT), until: deadline)
                // The server may have to send before it can take more.
                if ready & Int16(POLLIN) != 0, postbox_pq_consume_input(handle) != 1 { throw failure() }
            default: throw failure()
            }
        }
    }

    /// Takes all results of what was sent: the last one, or the first error.
    private func result(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> PostgresRows {
        var last: PostgresRows?
        var refusal: PostgresError?
        while true {
            while postbox_pq_is_busy(handle) != 0 {
                _ = try wait(for: Int16(POLLIN), until: deadline)
                guard postbox_pq_consume_input(handle) == 1 else { throw refusal ?? failure() }
            }
            guard let result = postbox_pq_get_result(handle) else { break }
            let rows = PostgresRows(result)
            switch Int(postbox_pq_result_status(result)) {
            case POSTBOX_PQ_TUPLES_OK, POSTBOX_PQ_COMMAND_OK, POSTBOX_PQ_EMPTY_QUERY: last = rows
            case POSTBOX_PQ_FATAL_ERROR: refusal = refusal ?? error(of: result)
            default:
                isBroken = true
                throw .malformed("a result of another kind")
            }
        }
        if let refusal { throw refusal }
        guard let last else { throw failure() }
        return last
    }

    /// Waits until the socket is ready; returns for what.
    private func wait(for events: Int16, until deadline: ContinuousClock.Instant?) throws(PostgresError) -> Int16 {
        while true {
            if let interrupt, interrupt.isRaised {
                isBroken = true
                throw .interrupted
            }
            var slice = interrupt == nil ? Duration.seconds(3600) : .milliseconds(100)
            if let deadline {
                let left = deadline - .now
                guard left > .zero else {
                    isBroken = true
                    throw .timedOut
                }
                slice = min(slice, left)
            }
            var descriptor = pollfd(fd: postbox_pq_socket(handle), events: events, revents: 0)
            // Rounded up, or the last millisecond would be spent in a busy loop.
            let found = poll(&descriptor, 1, Int32(slice / .milliseconds(1)) + 1)
            if found > 0 { return descriptor.revents }
            if found < 0, errno != EINTR { throw failure() }
        }
    }

    /// What the connection says about its last failure, which ends it.
    private func failure() -> PostgresError {
        isBroken = true
        return .unreachable(reason: Self.words(postbox_pq_error_message(handle), address))
    }

    /// The server's refusal; where it has no SQLSTATE, the library itself found the connection broken.
    private func error(of result: OpaquePointer) -> PostgresError {
        guard let state = postbox_pq_result_error_field(result, Int32(POSTBOX_PQ_DIAG_SQLSTATE)) else {
            return failure()
        }
        let message = postbox_pq_result_error_field(result, Int32(POSTBOX_PQ_DIAG_MESSAGE_PRIMARY))
        return .refused(sqlState: String(cString: state), message: Self.words(message, address))
    }

    /// A message of the library in one line and without a password.
    static func words(_ message: UnsafePointer<CChar>?, _ address: PostgresAddress) -> String {
        guard let message else { return "no reason given" }
        let lines = String(cString: message).split(whereSeparator: \.isNewline)
        return address.redacted(lines.map { $0.drop { $0 == " " || $0 == "\t" } }.joined(separator: "; "))
    }

    /// Remembers whether statements can be prepared.
    func setDirect(_ isDirect: Bool) { self.isDirect = isDirect }
}
