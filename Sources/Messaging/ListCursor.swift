/// A position in one caller's list of conversations, e.g. `k3f9.17`: a change number and the store's epoch.
public struct ListCursor: Equatable, Sendable {
    /// The life of the store it belongs to.
    public let epoch: Epoch
    /// The latest change it covers; 0 before the first.
    public let change: Int64

    /// Puts a cursor together.
    public init(epoch: Epoch, change: Int64) {
        self.epoch = epoch
        self.change = change
    }

    /// The cursor as it goes over the wire.
    public var text: String { "\(epoch.text).\(change)" }

    /// Reads `since` or `before`, given the caller's latest change.
    ///
    /// - Throws: ``CursorError``.
    public init(_ text: String, epoch: Epoch, current: Int64) throws(CursorError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let given = Epoch(parts[0]), let change = DecimalNumber.parse(parts[1].utf8)
        else { throw .malformed }
        guard given == epoch, change <= current else { throw .expired }
        self.init(epoch: given, change: change)
    }
}
