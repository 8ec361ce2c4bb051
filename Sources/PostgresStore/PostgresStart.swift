import Foundation
import Messaging

/// The start of a store: the schema is prepared, and this process is one of the nodes.
struct PostgresStart {
    let address: PostgresAddress
    let node: Node
    /// A moment before the node joined.
    let joined: Int64
    /// The number under which the writer's first connection writes.
    let writer: Int64
    let history: History
    let cursorKey: CursorKey
    /// The users whose renaming is not finished.
    let renamed: [Caller]

    /// Connects, prepares the schema and joins; blocks, and waits until all other nodes know of this one: half a second beside one that
    /// runs, and some ten seconds where one was killed.
    ///
    /// - Throws: ``PostgresStoreError``.
    init(
        address text: String, random: UInt64, newCursorKey: CursorKey, bound: Duration, version: String,
        replicated isReplicated: Bool, mustExist: Bool
    ) throws(PostgresStoreError) {
        do {
            let address = try PostgresAddress(text)
            self.address = address
            let connection = try PostgresConnection(address, role: .maintenance)
            if mustExist {
                try Schema.requirePresent(connection)
            } else {
                try Schema.prepare(connection, epoch: Epoch(random: random), cursorKey: newCursorKey)
            }
            node = Node(version: version, bound: bound, replicated: isReplicated)
            history = try connection.lookUpHistory()
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
            joined = BootClock.now
            writer = try node.join(connection)
            try node.waitUntilKnown(connection)
        } catch let error as PostgresStoreError {
            throw error
        } catch let error as PostgresError {
            throw .connection(error)
        } catch {
            throw .damaged(reason: String(describing: error))
        }
    }
}
