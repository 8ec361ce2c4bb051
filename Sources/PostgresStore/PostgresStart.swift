import Foundation
import Messaging

/// The start of a store: the schema is prepared, and the lease taken.
struct PostgresStart {
    let address: PostgresAddress
    let lease: Lease
    /// A moment before the lease was granted.
    let leaseStart: UInt64
    let epoch: Epoch
    let cursorKey: CursorKey
    /// The users whose renaming is not finished.
    let renamed: [Caller]

    /// How much longer than the lease of another process to wait for its end.
    private static let patience = Duration.seconds(2)

    /// Connects, prepares the schema and takes the lease; blocks, and waits for the end of another process's lease.
    ///
    /// - Throws: ``PostgresStoreError``.
    init(address text: String, random: UInt64, newCursorKey: CursorKey) throws(PostgresStoreError) {
        do {
            let address = try PostgresAddress(text)
            self.address = address
            let connection = try PostgresConnection(address, role: .maintenance)
            try Schema.prepare(connection, epoch: Epoch(random: random), cursorKey: newCursorKey)
            lease = Lease(process: LocalProcess.newStore(), name: Self.name)
            epoch = try connection.lookUpEpoch(random: Epoch(random: .random(in: .min ... .max)))
            leaseStart = try Self.take(lease, connection)
            let key = try connection.run(StoreQuery.cursorKey, within: .seconds(5))
            guard let cursorKey = try CursorKey(bytes: Data(key.requiredBytes(0, 0))) else {
                throw PostgresError.malformed("a cursor key of another length")
            }
            self.cursorKey = cursorKey
            let rows = try connection.run(PeopleQuery.unfinished, within: .seconds(5))
            renamed = try (0..<rows.count).map { row in
                Caller(
                    tenant: TenantID(trusted: try rows.requiredText(row, 0)),
                    user: UserID(trusted: try rows.requiredText(row, 1)))
            }
        } catch let error as PostgresStoreError {
            throw error
        } catch PostgresError.inUse(let name, let since) {
            throw .inUse(by: name, since: since)
        } catch let error as PostgresError {
            throw .connection(error)
        } catch {
            throw .damaged(reason: String(describing: error))
        }
    }

    /// Takes the lease, and waits for the end of another process's lease once: one that is running renews it, and one that has ended on this
    /// machine is not waited for. It also waits for the lock of all writes, which the last write of a killed process may still hold.
    private static func take(_ lease: Lease, _ connection: PostgresConnection) throws(PostgresError) -> UInt64 {
        var deadline: ContinuousClock.Instant?
        while true {
            let start = ServingState.now
            let (error, left) = try refusal(of: lease, connection)
            guard let error else { return start }
            let limit = deadline ?? .now + left + patience
            deadline = limit
            guard limit > .now else { throw error }
            Thread.sleep(forTimeInterval: min(0.25, max((limit - .now) / .seconds(1), 0.01)))
        }
    }

    /// Why the lease is not to be had, and for how long that may last; nil where it was taken.
    private static func refusal(
        of lease: Lease, _ connection: PostgresConnection
    ) throws(PostgresError) -> (PostgresError?, Duration) {
        do {
            guard let other = try lease.take(connection) else { return (nil, .zero) }
            return (.inUse(by: other.name, since: other.since), other.left)
        } catch PostgresError.refused("55P03", let message) {
            return (.refused(sqlState: "55P03", message: message), .seconds(Int(Lease.seconds)))
        }
    }

    /// What this process calls itself in the lease: the machine and its number there.
    private static var name: String {
        "process \(ProcessInfo.processInfo.processIdentifier) on \(ProcessInfo.processInfo.hostName)"
    }
}
