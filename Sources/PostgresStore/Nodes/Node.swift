import Foundation
import Glibc
import Messaging

/// This process in the table of nodes, and what it asks the database about all of them.
///
/// No moment of one clock is compared with one of another: a node counts the time since its own last renewal, and others count for how
/// long they have seen its row unchanged.
struct Node: Sendable {
    /// For how long memory may answer after a renewal has begun, by this node's clock.
    static let lease: Int64 = 5_000_000_000
    /// How often the row is renewed.
    static let renewal = Duration.milliseconds(500)
    /// For how long another node's row must be unchanged before that node is taken to be gone: twice a lease, so that no two clocks of
    /// any real machine differ enough.
    static let patience: Int64 = 2 * lease

    /// Another node.
    struct Other: Equatable {
        let id: Int64
        /// Grows while it runs.
        let renewals: Int64
        /// Whether it answers from memory without looking at the feed.
        let isAlone: Bool
    }

    /// What a renewal found.
    struct Renewal {
        /// Whether the row was there; otherwise other nodes took this one to be gone.
        let isThere: Bool
        let mayBeAlone: Bool
        let history: History
        let others: [Other]
    }

    /// Tells this process apart from all others.
    let id: Int64
    /// What this process calls itself, for people.
    let name: String
    /// The version of the program.
    let version: String
    /// D: the greatest age of what it answers from memory, in milliseconds.
    let bound: Int32
    /// Whether it answers a write only once a synchronous standby has it.
    let isReplicated: Bool

    /// This process under a new id.
    init(version: String, bound: Duration, replicated isReplicated: Bool = false) {
        id = .random(in: .min ... .max)
        name = "process \(ProcessInfo.processInfo.processIdentifier) on \(ProcessInfo.processInfo.hostName)"
        self.version = version
        self.isReplicated = isReplicated
        self.bound = Int32((bound / .milliseconds(1)).rounded(.up))
    }

    /// The bound in nanoseconds.
    var boundNanoseconds: Int64 { Int64(bound) * 1_000_000 }

    /// Enters this node, which may write then, once ``others(_:)`` has none that takes itself to be alone. It waits for the lock of all
    /// writes: whatever an earlier connection of ours has committed is visible after it, and whatever it has still to write is refused.
    ///
    /// - Returns: the number under which it may write from now on.
    func join(_ connection: PostgresConnection) throws(PostgresError) -> Int64 {
        let writer = Int64.random(in: .min ... .max)
        try connection.run(
            NodeQuery.join,
            [.int8(id), .int8(writer), .text(name), .text(version), .int4(bound), .bool(isReplicated)],
            within: .seconds(5))
        return writer
    }

    /// The nodes but this one.
    func others(_ connection: PostgresConnection) throws(PostgresError) -> [Other] {
        let rows = try connection.run(NodeQuery.others, [.int8(id)], within: .seconds(5))
        var others: [Other] = []
        for row in 0..<rows.count {
            others.append(
                Other(
                    id: try rows.requiredInt8(row, 0), renewals: try rows.requiredInt8(row, 1),
                    isAlone: try rows.requiredBool(row, 2)))
        }
        return others
    }

    /// Renews the row, and looks for the epoch and the others.
    ///
    /// - Parameters:
    ///   - position: the last row of the feed that memory has.
    ///   - lookAge: how old the last look is, in milliseconds.
    ///   - serving: what this process serves.
    func renew(
        _ connection: PostgresConnection, isAlone: Bool, position: Int64?, lookAge: Int64?,
        serving: ServingState? = nil
    ) throws(PostgresError) -> Renewal {
        let random = Epoch(random: .random(in: .min ... .max))
        let rows = try connection.runOften(
            NodeQuery.renew,
            [
                .int8(id), .bool(isAlone), .int8(position), .int8(lookAge), .text(random.text),
                .text(serving?.expected.epoch.text), .int4(serving?.expected.timeline), .bool(serving?.goesOn ?? true),
            ],
            within: .seconds(3))
        guard let epoch = Epoch(try rows.requiredText(0, 2)) else { throw .malformed("an epoch of another form") }
        let (ids, renewals) = (try rows.int8Array(0, 3), try rows.int8Array(0, 4))
        guard ids.count == renewals.count else { throw .malformed("nodes whose parts do not match") }
        return Renewal(
            isThere: try rows.requiredBool(0, 0), mayBeAlone: try rows.requiredBool(0, 1),
            history: History(epoch: epoch, timeline: try rows.requiredInt4(0, 5)),
            others: zip(ids, renewals).map { Other(id: $0, renewals: $1, isAlone: false) })
    }

    /// Removes another node's row, unless it was renewed meanwhile.
    func remove(_ other: Other, _ connection: PostgresConnection) throws(PostgresError) {
        try connection.run(NodeQuery.remove, [.int8(other.id), .int8(other.renewals)], within: .seconds(5))
    }

    /// Removes this node's row.
    func leave(_ connection: PostgresConnection) throws(PostgresError) {
        try connection.run(NodeQuery.remove, [.int8(id), .int8(nil)], within: .seconds(3))
    }

    /// Waits until no other node answers from memory without looking at the feed; blocks for some ten seconds at most, which it takes to
    /// be certain that a node which was killed does so no more.
    ///
    /// - Throws: ``PostgresError/unknownToOthers`` where one goes on all the same.
    func waitUntilKnown(_ connection: PostgresConnection) throws(PostgresError) {
        var watch = NodeWatch()
        let deadline = BootClock.now + Self.patience + 2_000_000_000
        while true {
            let others = try others(connection)
            guard others.contains(where: \.isAlone) else { return }
            for other in watch.gone(among: others, at: BootClock.now) { try remove(other, connection) }
            guard BootClock.now < deadline else { throw .unknownToOthers }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }
}

/// Judges which other nodes are gone: those whose rows were unchanged for ``Node/patience`` by our own clock.
struct NodeWatch {
    private var seen: [Int64: (renewals: Int64, since: Int64)] = [:]

    /// The nodes among those that are in the table now which are gone.
    ///
    /// - Parameter now: a moment after the table was read.
    mutating func gone(among others: [Node.Other], at now: Int64) -> [Node.Other] {
        var present: [Int64: (renewals: Int64, since: Int64)] = [:]
        var gone: [Node.Other] = []
        for other in others {
            let known = seen[other.id]
            let since = known?.renewals == other.renewals ? known?.since ?? now : now
            present[other.id] = (other.renewals, since)
            if now - since > Node.patience { gone.append(other) }
        }
        seen = present
        return gone
    }
}

/// The clock of all leases and bounds: nanoseconds, also while the machine is suspended (`CLOCK_BOOTTIME` of clock_gettime(2)).
enum BootClock {
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
