/// The sizes at which the store changes its method, with the same answers, and those of operators' commands. Tests set small ones.
public struct StoreBounds: Sendable {
    /// The longest list that is read whole for each page; the store keeps the order of longer ones.
    public var shortList = 256
    /// The most long lists in which one conversation's order is kept: each of its messages changes as many rows.
    public var mostCopies = 32
    /// The most lists that the opening of a conversation checks to find one that has become long.
    public var listsCheckedAtOnce = 32
    /// The most rows that one step of a renaming reads: some 10 ms of the writer's time.
    public var rowsRenamedAtOnce = 2000
    /// The most messages that one step of erasing or pruning looks at; fewer where that many take longer than ``longestStep``.
    public var messagesRemovedAtOnce = 500
    /// The most conversations that an import beside requests touches: it keeps some 250 bytes of each.
    public var conversationsImported = 100_000
    /// The most stored messages without a key that an import beside requests compares with: it keeps some 80 bytes of each.
    public var messagesCompared = 500_000
    /// How long a step of an operator's command beside requests is to keep other writes waiting, its commit included. A step that takes
    /// longer is followed by smaller ones.
    package static let longestStep = Duration.milliseconds(25)

    /// The sizes of a server.
    public init() {}
}
