import Messaging

/// Sizes from which on the store works in another way, with the same answers: for tests, which set small ones.
public struct StoreBounds: Sendable {
    /// The most conversations of a user whose list is read whole for each page; the order of a longer list is kept.
    public var shortList = 256
    /// In how many long lists the order is kept for one conversation: so many rows change with each of its messages.
    public var mostCopies = 32
    /// How many lists, at most, the opening of one conversation looks at to find one that has become long.
    public var listsCheckedAtOnce = 32
    /// How many rows one step of a changed name may read: some 10 ms of the writer.
    public var rowsRenamedAtOnce = 2000

    /// The sizes of a server.
    public init() {}
}
