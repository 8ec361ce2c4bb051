/// A position in one viewer's view of a conversation's messages, e.g. `k3f9.42.40.38`.
///
/// It says what the viewer has been told: every message up to `n`, and the marks that its `read` flags were made with.
/// The store keeps nothing for it.
public struct MessageCursor: Equatable, Sendable {
    /// The life of the store it belongs to.
    public let epoch: Epoch
    /// The messages and marks it covers.
    public let marks: ReadMarks

    /// Puts a cursor together.
    public init(epoch: Epoch, marks: ReadMarks) {
        self.epoch = epoch
        self.marks = marks
    }

    /// The cursor as it goes over the wire.
    public var text: String { "\(epoch.text).\(marks.n).\(marks.others).\(marks.mine)" }

    /// Reads `since` or `before`: a cursor, a bare message id of this conversation, or a bare number.
    ///
    /// A bare position knows nothing of read marks; it is taken to have seen the current ones.
    ///
    /// - Throws: ``CursorError``.
    public init(_ text: String, in conversation: ConversationID, epoch: Epoch, current: ReadMarks) throws(CursorError) {
        if let n = DecimalNumber.parse(text.utf8) ?? MessageID(text, in: conversation)?.n {
            self.init(epoch: epoch, marks: ReadMarks(n: n, others: current.others, mine: current.mine))
        } else {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 4, let given = Epoch(parts[0]), let n = DecimalNumber.parse(parts[1].utf8),
                let others = DecimalNumber.parse(parts[2].utf8), let mine = DecimalNumber.parse(parts[3].utf8)
            else { throw .malformed }
            guard given == epoch else { throw .expired }
            self.init(epoch: given, marks: ReadMarks(n: n, others: others, mine: mine))
        }
        guard marks.n <= current.n, marks.others <= current.others, marks.mine <= current.mine else { throw .expired }
    }
}
