import Messaging

/// Which history of which server is served.
struct History: Equatable, Sendable {
    /// What clients' cursors and tags are of.
    let epoch: Epoch
    /// Grows with each promotion of a standby. The epoch may go on, but what was read on another timeline may be old.
    let timeline: Int32
}

extension PostgresConnection {
    /// Asks for the epoch and the timeline; every connection does so before it is used.
    ///
    /// After a failover this may begin a new epoch.
    ///
    /// - Parameters:
    ///   - former: what was served until now; nil at the start.
    ///   - goesOn: whether the epoch may go on after a promotion: this process has shown nothing that the new primary may lack.
    func lookUpHistory(after former: History? = nil, goesOn: Bool = true) throws(PostgresError) -> History {
        let random = Epoch(random: .random(in: .min ... .max))
        let rows = try run(
            StoreQuery.lookUpEpoch,
            [.text(random.text), .text(former?.epoch.text), .int4(former?.timeline), .bool(goesOn)], within: .seconds(5)
        )
        guard let epoch = Epoch(try rows.requiredText(0, 0)) else { throw .malformed("an epoch of another form") }
        return History(epoch: epoch, timeline: try rows.requiredInt4(0, 1))
    }
}
