/// A store that takes operators' commands while it serves requests.
public protocol ServedStore: OperatorStore, DataRemover {
    /// Begins an import beside requests.
    func beginImport() -> any SteppedImport
}

/// An import beside requests, in transactions so short that other writes go on in between.
///
/// What is stored stays, whatever becomes of the rest: a second import of the same records stores those that are missing. One thread at a
/// time may use it.
public protocol SteppedImport: Sendable {
    /// Stores the first of these records, as many as a short transaction takes; blocks until they are on disk.
    ///
    /// - Parameter records: at least one.
    /// - Returns: how many it stored, at least one.
    /// - Throws: ``ImportError`` where the first one cannot be imported, ``MessagingError/overloaded`` or
    ///   ``MessagingError/storeUnavailable(_:)``; none of these records is stored then.
    func store(_ records: ArraySlice<ImportRecord>) throws -> Int

    /// Brings some of the imported conversations into the order of their last messages in lists; blocks until that is on disk. The last
    /// part of an import.
    ///
    /// A conversation that has got other messages since stays where they have put it.
    ///
    /// - Returns: whether all of them are in order.
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    func arrange() throws(MessagingError) -> Bool

    /// What the import has done so far.
    var summary: ImportSummary { get }
}
