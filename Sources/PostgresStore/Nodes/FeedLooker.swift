import Foundation
import Messaging
import StoreWork
import Synchronization

/// The thread that looks at the feed, on a connection of its own: every 10 ms while a client polls or waits, and at the first poll
/// otherwise. While the node is alone it sleeps.
final class FeedLooker: Sendable {
    /// From the beginning of one look to that of the next, in nanoseconds.
    private static let pace: Int64 = 10_000_000
    /// How long one look may take.
    private static let limit = Duration.seconds(2)

    private let address: PostgresAddress
    private let membership: NodeMembership
    private let writer: Writer
    private let interrupt: PostgresInterrupt
    private let isClosing = Atomic<Bool>(false)
    private let isHeld = Atomic<Bool>(false)
    private let end = DispatchGroup()

    init(address: PostgresAddress, membership: NodeMembership, writer: Writer, interrupt: PostgresInterrupt) {
        self.address = address
        self.membership = membership
        self.writer = writer
        self.interrupt = interrupt
        end.enter()
        let thread = Thread { [self] in
            work()
            end.leave()
        }
        thread.name = "postbox-looker"
        thread.start()
    }

    /// Ends the thread; blocks until then.
    func close() {
        isClosing.store(true, ordering: .releasing)
        membership.look.signal()
        end.wait()
    }

    /// Holds all looks back, as a network that hangs does, or lets them go on; for tests.
    func hold(_ isHeld: Bool) {
        self.isHeld.store(isHeld, ordering: .releasing)
    }

    private func work() {
        var connection: PostgresConnection?
        var backoff = Backoff()
        while !isClosing.load(ordering: .acquiring) {
            guard membership.wantsLook, !isHeld.load(ordering: .acquiring) else {
                membership.look.wait(for: isHeld.load(ordering: .acquiring) ? .milliseconds(5) : .seconds(1))
                membership.vouchAlone()
                continue
            }
            let start = BootClock.now
            do throws(PostgresError) {
                let present: PostgresConnection
                if let connection, !connection.isBroken {
                    present = connection
                } else {
                    present = try PostgresConnection(address, role: .reader, interrupt: interrupt)
                }
                connection = present
                let isCut = try look(present) == .cut
                backoff.reset()
                if isCut { continue }
                rest(until: start + Self.pace)
            } catch {
                // The clock says by itself that memory is behind.
                if error == .otherEpoch { writer.reconnect() }
                if connection?.isBroken == true { connection = nil }
                rest(until: BootClock.now + Int64(min(backoff.pause(), .seconds(1)) / .nanoseconds(1)))
            }
        }
    }

    private func look(_ connection: PostgresConnection) throws(PostgresError) -> FeedReader.Progress? {
        let position = membership.position
        let start = BootClock.now
        let (found, timeline) = try FeedLookRows.look(
            connection, after: position, confirmed: membership.serving.isReplicated, within: Self.limit)
        let isNew = History(epoch: found.epoch, timeline: timeline) != membership.serving.expected
        let progress = try membership.apply(found, of: timeline, after: position, from: start) {
            (tenant, key) throws(PostgresError) in
            try FeedLookRows.conversation(key, of: tenant, connection, within: Self.limit)
        }
        // Its calls name the former epoch.
        if isNew { writer.reconnect() }
        return progress
    }

    private func rest(until moment: Int64) {
        let left = moment - BootClock.now
        if left > 0, !isClosing.load(ordering: .acquiring) { Thread.sleep(forTimeInterval: Double(left) / 1e9) }
    }
}
