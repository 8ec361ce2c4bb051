import Dispatch
import Foundation
import Messaging
import StoreWork
import Synchronization

/// The thread that keeps the lease, beside the writer: that one may have to wait for a standby.
///
/// It also looks whether the epoch is still the one that this process serves, and trims the feed.
final class Keeper: Sendable {
    /// How often the feed is trimmed.
    private static let trimming = Duration.seconds(10)
    /// For how many seconds rows of the feed are kept.
    private static let feedSeconds: Int32 = 60

    private let connector: WriterConnector
    private let writer: Writer
    private let health: StoreHealth
    private let wake = DispatchSemaphore(value: 0)
    private let isClosing = Atomic<Bool>(false)
    private let end = DispatchGroup()
    private let watch: Ticker

    init(connector: WriterConnector, writer: Writer, health: StoreHealth) {
        self.connector = connector
        self.writer = writer
        self.health = health
        // Apart from the thread, which may itself wait for the server.
        watch = Ticker(every: .milliseconds(250)) { [serving = connector.serving] in
            serving.checkLease()
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

    /// Gives the lease back and ends the thread; blocks until then. The writer has ended before.
    func close() {
        watch.close()
        isClosing.store(true, ordering: .releasing)
        wake.signal()
        end.wait()
    }

    private func work() {
        var connection: PostgresConnection?
        var trimmed = ContinuousClock.now
        while !isClosing.load(ordering: .acquiring) {
            if wake.wait(timeout: .now() + .milliseconds(2500)) == .success { break }
            do throws(PostgresError) {
                let present: PostgresConnection
                if let connection, connection.isUsable() {
                    present = connection
                } else {
                    present = try PostgresConnection(connector.address, role: .writer)
                }
                connection = present
                try renew(present)
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
            // The writer sleeps while nothing is written, and only its success ends the fault.
            if health.fault(of: .write) != nil { writer.submit(.probe(Reply { _ in })) }
        }
        release(connection)
    }

    private func renew(_ connection: PostgresConnection) throws(PostgresError) {
        let start = ServingState.now
        let serving = connector.serving
        let (isOurs, epoch) = try connector.lease.renew(
            connection, random: Epoch(random: .random(in: .min ... .max)))
        guard epoch == serving.expected else {
            // The writer's connection decides which server this process serves.
            writer.reconnect()
            return
        }
        if isOurs {
            serving.granted(from: start, for: Lease.certain)
        } else {
            serving.lostLease()
            writer.reconnect()
        }
        nameStall(connection)
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

    private func release(_ connection: PostgresConnection?) {
        guard let connection = connection ?? (try? PostgresConnection(connector.address, role: .writer)) else { return }
        try? connector.lease.release(connection)
    }
}
