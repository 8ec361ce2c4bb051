/// A position in one viewer's view of a conversation's messages, e.g. `k3f9.hak7wkvhad.42.40.38`.
///
/// It says what the viewer has been told: every message up to `n`, and the marks that its `read` flags were made with. It also says
/// whose view it is, because a position in one conversation means nothing in another, nor to another viewer. The store keeps
/// nothing for it.
public struct MessageCursor: Equatable, Sendable {
    /// One viewer's view of one conversation, in two fingerprints.
    ///
    /// They keep clients from mixing up their own cursors, and protect nothing: if two are the same by chance, a cursor that does not
    /// belong here is taken for a position, as a bare number is.
    public struct View: Equatable, Sendable {
        /// 30 bits of the conversation's.
        let conversation: UInt64
        /// 20 bits of the viewer's.
        let viewer: UInt64

        /// Takes the lowest bits of two hashes.
        init(conversation: UInt64, viewer: UInt64) {
            self.conversation = conversation & 0x3FFF_FFFF
            self.viewer = viewer & 0xF_FFFF
        }

        /// The number of digits that hold both.
        fileprivate static let digits = 10

        fileprivate init?(_ text: some Collection<UInt8>) {
            guard let number = Base32.parse(text, digits: Self.digits) else { return nil }
            self.init(conversation: number >> 20, viewer: number)
        }

        fileprivate var number: UInt64 { conversation << 20 | viewer }
    }

    /// The epoch of the store that the cursor belongs to.
    public let epoch: Epoch
    /// The view that it is a position in.
    public let view: View
    /// The messages and marks it covers.
    public let marks: ReadMarks
    /// The revision of the conversation: how often something in it changed that no delta tells of. 0 is not written.
    public let revision: Int64

    /// Creates a message cursor.
    public init(epoch: Epoch, view: View, marks: ReadMarks, revision: Int64 = 0) {
        self.epoch = epoch
        self.view = view
        self.marks = marks
        self.revision = revision
    }

    /// Another position in the same view.
    public func at(_ marks: ReadMarks) -> MessageCursor {
        MessageCursor(epoch: epoch, view: view, marks: marks, revision: revision)
    }

    /// The cursor as it goes over the wire.
    public var text: String {
        CursorText.make { text in
            text.append(epoch)
            text.append(view.number, digits: View.digits)
            text.append(marks.latest)
            text.append(marks.othersReadUpTo)
            text.append(marks.viewerReadUpTo)
            if revision > 0 { text.append(revision) }
        }
    }

    /// Reads `since` or `before`: a cursor, a bare message id of this conversation, or a bare number.
    ///
    /// A bare position knows nothing of read marks; it is taken to have seen the current ones. Another viewer's cursor is expired and
    /// not malformed, so that an app in which another user signs in starts over.
    ///
    /// - Parameter current: the viewer's present position.
    /// - Throws: ``CursorError``.
    public init(_ text: String, in conversation: ConversationID, current: MessageCursor) throws(CursorError) {
        if let n = DecimalNumber.parse(text.utf8) ?? MessageID(text, in: conversation)?.n {
            self = current.at(
                ReadMarks(
                    latest: n, othersReadUpTo: current.marks.othersReadUpTo,
                    viewerReadUpTo: current.marks.viewerReadUpTo))
        } else {
            try self.init(text)
            guard epoch == current.epoch else { throw .expired }
            guard view.conversation == current.view.conversation else { throw .malformed }
            guard view == current.view, revision == current.revision else { throw .expired }
        }
        guard marks.latest <= current.marks.latest, marks.othersReadUpTo <= current.marks.othersReadUpTo,
            marks.viewerReadUpTo <= current.marks.viewerReadUpTo
        else { throw .expired }
    }

    /// Reads a cursor, whatever it belongs to. One of the former form did not say whose view it was of.
    private init(_ text: String) throws(CursorError) {
        guard text.utf8.count <= CursorText.maximumLength else { throw .malformed }
        // Parts of an array are split off faster than parts of a string.
        let parts = Array(text.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (4...6).contains(parts.count), let epoch = Epoch(String(decoding: parts[0], as: UTF8.self)) else {
            throw .malformed
        }
        let isFormer = parts.count == 4
        var numbers: [Int64] = []
        for part in parts.dropFirst(isFormer ? 1 : 2) {
            guard let number = DecimalNumber.parse(part) else { throw .malformed }
            numbers.append(number)
        }
        guard !isFormer else { throw .expired }
        guard let view = View(parts[1]), numbers.count == 3 || numbers[3] > 0 else { throw .malformed }
        self.init(
            epoch: epoch, view: view,
            marks: ReadMarks(latest: numbers[0], othersReadUpTo: numbers[1], viewerReadUpTo: numbers[2]),
            revision: numbers.count == 3 ? 0 : numbers[3])
    }
}

/// Why a cursor is of no use.
public enum CursorError: Error, Equatable {
    /// It is not a cursor at all, or one of another kind or another conversation.
    case malformed
    /// It comes from before a restore, or from an earlier version, or belongs to another viewer, or is ahead of what is stored: the client
    /// must fetch without it.
    case expired
}

/// Writes a cursor without the temporary strings of an interpolation: there are two or three in every answer to a poll.
struct CursorText {
    /// The longest cursor, in bytes: an epoch, a view, and four numbers, with what is between them.
    static let maximumLength = 16 + 1 + 10 + 4 * (1 + 19)

    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    /// The bytes that `write` appends, at most ``maximumLength``.
    static func make(_ write: (inout CursorText) -> Void) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumLength) { bytes in
            var text = CursorText(bytes: bytes)
            write(&text)
            return String(decoding: bytes[..<text.count], as: UTF8.self)
        }
    }

    private init(bytes: UnsafeMutableBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    mutating func append(_ epoch: Epoch) {
        epoch.text.withBytes { for byte in $0 { append(byte) } }
    }

    /// Appends a dot and the given number of digits of a number in ``Base32``.
    mutating func append(_ number: UInt64, digits: Int) {
        append(UInt8(ascii: "."))
        for place in (0..<digits).reversed() { append(Base32.digit(of: number &>> UInt64(5 * place))) }
    }

    /// Appends a dot and a number from 0 in decimal digits.
    mutating func append(_ number: Int64) {
        append(UInt8(ascii: "."))
        var (rest, digits) = (UInt64(bitPattern: number), 1)
        while rest > 9 { (rest, digits) = (rest / 10, digits + 1) }
        rest = UInt64(bitPattern: number)
        for place in (count..<count + digits).reversed() {
            bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += digits
    }

    private mutating func append(_ byte: UInt8) {
        bytes[count] = byte
        count += 1
    }
}
