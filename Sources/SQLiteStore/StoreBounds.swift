import Messaging

/// Sizes from which on the store works in another way, with the same answers: for tests, which set small ones.
package struct StoreBounds: Sendable {
    /// The most conversations of a user whose list is read whole for each page; the order of a longer list is kept.
    package var shortList = 256
    /// In how many long lists the order is kept for one conversation: so many rows change with each of its messages.
    package var mostCopies = 32
    /// How many lists, at most, the opening of one conversation looks at to find one that has become long.
    package var listsCheckedAtOnce = 32
    /// How many rows one step of a changed name may read: some 10 ms of the writer.
    package var rowsRenamedAtOnce = 2000

    /// The sizes of a server.
    package init() {}
}
