import Dispatch
import Foundation
import Messaging
import StoreWork
import Synchronization

/// The thread that renews this node's row, beside the writer: that one may have to wait for a standby.
///
/// It also looks whether the epoch is still the one that this process serves, removes nodes that are gone, and trims the feed.
final class Keeper: Sendable {
    /// How often the feed is trimmed.
    private static let trimming = Duration.seconds(10)
    /// For how many seconds rows of the feed are kept.
    private static let feedSeconds: Int32 = 60

    private let connector: WriterConnector
    private let membership: NodeMembership
    private let writer: Writer
    private let health: StoreHealth
    private let isClosing = Atomic<Bool>(false)
    private let isHeld = Atomic<Bool>(false)
    private let end = DispatchGroup()
    private let watch: Ticker

    init(connector: WriterConnector, writer: Writer, health: StoreHealth) {
        self.connector = connector
        self.membership = connector.membership
        self.writer = writer
        self.health = health
        // Apart from the thread, which may itself wait for the server.
        watch = Ticker(every: .milliseconds(250)) { [membership = connector.membership] in
            membership.checkLease()
            writer.answerStalled()
        }
        end.enter()
        let thread = Thread { [self] in
            work()
            end.leave()
        }
        thread.name = "postbox-keeper"
        thread.start()
    }

    /// Removes this node's row and ends the thread; blocks until then. The writer has ended before.
    func close() {
        watch.close()
        isClosing.store(true, ordering: .releasing)
        membership.renew.signal()
        end.wait()
    }

    /// Holds all renewals back, as a network that hangs does, or lets them go on; for tests.
    func hold(_ isHeld: Bool) {
        self.isHeld.store(isHeld, ordering: .releasing)
    }

    private func work() {
        var connection: PostgresConnection?
        var nodes = NodeWatch()
        var trimmed = ContinuousClock.now
        while !isClosing.load(ordering: .acquiring) {
            if !isHeld.load(ordering: .acquiring) {
                do throws(PostgresError) {
                    let present: PostgresConnection
                    if let connection, connection.isUsable() {
                        present = connection
                    } else {
                        present = try PostgresConnection(connector.address, role: .writer)
                    }
                    connection = present
                    try renew(present, &nodes)
                    nameStall(present)
                    if .now - trimmed > Self.trimming {
                        trimmed = .now
                        try present.run(
                            "SELECT postbox.trim_feed($1), set_config('synchronous_commit', 'off', true)",
                            [.int4(Self.feedSeconds)], within: .seconds(5))
                    }
                } catch {
                    if connection?.isBroken != false || error.fault == .readOnly { connection = nil }
                    health.failed(.write, StoreFailure(error.fault, error.description))
                }
            }
            // The writer sleeps while nothing is written, and only its success ends the fault.
            if health.fault(of: .write) != nil { writer.submit(.probe(Reply { _ in })) }
            membership.renew.wait(for: Node.renewal)
        }
        leave(connection)
    }

    private func renew(_ connection: PostgresConnection, _ nodes: inout NodeWatch) throws(PostgresError) {
        let (position, lastLook) = membership.progress
        let start = BootClock.now
        let renewal = membership.beginRenewal()
        let found = try membership.node.renew(
            connection, isAlone: renewal.isAlone, position: position,
            lookAge: lastLook.map { (start - $0) / 1_000_000 },
            serving: connector.serving)
        guard found.history == connector.serving.expected else {
            // The writer's connection decides which server this process serves.
            writer.reconnect()
            return
        }
        guard found.isThere else {
            membership.lost()
            writer.reconnect()
            return
        }
        // In time for the end of the lease. The row itself does not wait for the standby, nor the lock of all writes.
        if connector.serving.isReplicated { try connection.confirm(within: .seconds(2)) }
        membership.granted(
            from: start, others: found.others.count,
            mayBeAloneSince: !renewal.isAlone && found.mayBeAlone ? renewal : nil)
        for other in nodes.gone(among: found.others, at: BootClock.now) {
            try membership.node.remove(other, connection)
        }
    }

    /// Says so where the writer waits for a standby.
    private func nameStall(_ connection: PostgresConnection) {
        guard writer.isStalled, let process = writer.serverProcess else { return }
        let rows = try? connection.run(
            "SELECT coalesce(wait_event = 'SyncRep', false) FROM pg_stat_activity WHERE pid = $1", [.int4(process)],
            within: .seconds(3))
        guard let rows, rows.count == 1, (try? rows.requiredBool(0, 0)) == true else { return }
        health.failed(.write, StoreFailure(.noStandby, "the writer waits for a synchronous standby"))
    }

    private func leave(_ connection: PostgresConnection?) {
        guard let connection = connection ?? (try? PostgresConnection(connector.address, role: .writer)) else { return }
        try? membership.node.leave(connection)
    }
}
