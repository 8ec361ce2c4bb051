/// The messages that a `GET` asks for, and the position that the client has reached after the answer.
public enum MessageWindow: Equatable, Sendable {
    /// The newest messages.
    case newest
    /// The messages just below a number.
    case before(Int64)
    /// The changes after a position.
    case since(ReadMarks)

    /// The end of the window that an answer keeps where not all messages fit: a page loses its oldest messages, and a delta its newest
    /// changes.
    public var kept: PageBounds.End {
        if case .since = self { .oldest } else { .newest }
    }

    /// The slices of the answer: together, oldest first and cut at `limit`, they are the answer.
    ///
    /// Numbers have no gaps, so a page is a range. A delta has the new messages, and older ones whose `read` flipped: those between
    /// the old and the new mark, of the viewer's own messages and of those that the viewer received.
    ///
    /// - Parameter pruned: the number up to which messages were pruned.
    public func slices(now: ReadMarks, viewer: UserID, limit: Int, prunedUpTo pruned: Int64 = 0) -> [MessageSlice] {
        func slice(
            after start: Int64, through end: Int64, _ authorship: MessageSlice.Authorship = .anybody
        ) -> MessageSlice? {
            let start = max(start, pruned)
            return start < end ? MessageSlice(start + 1...end, authorship) : nil
        }
        func page(endingAt last: Int64) -> [MessageSlice] {
            slice(after: max(0, last - Int64(limit)), through: last).map { [$0] } ?? []
        }
        switch self {
        case .newest:
            return page(endingAt: now.latest)
        case .before(let n):
            return page(endingAt: min(n - 1, now.latest))
        case .since(let old):
            let flippedOfMine = slice(
                after: old.othersReadUpTo, through: min(now.othersReadUpTo, old.latest), .only(viewer))
            let flippedOfOthers = slice(
                after: old.viewerReadUpTo, through: min(now.viewerReadUpTo, old.latest), .except(viewer))
            let new = slice(after: old.latest, through: now.latest)
            return [flippedOfMine, flippedOfOthers, new].compactMap { $0 }
        }
    }

    /// The position that covers exactly what was returned and nothing more.
    ///
    /// - Parameters:
    ///   - lastReturned: the number of the last message in the answer; nil where it was empty.
    ///   - complete: whether the answer holds all that the slices hold.
    public func position(now: ReadMarks, lastReturned: Int64?, complete: Bool) -> ReadMarks {
        switch self {
        case .newest:
            return now
        case .before(let n):
            return ReadMarks(
                latest: min(max(n - 1, 0), now.latest), othersReadUpTo: now.othersReadUpTo,
                viewerReadUpTo: now.viewerReadUpTo)
        case .since(let old):
            guard !complete, let last = lastReturned else { return now }
            guard last <= old.latest else {
                return ReadMarks(latest: last, othersReadUpTo: now.othersReadUpTo, viewerReadUpTo: now.viewerReadUpTo)
            }
            return ReadMarks(
                latest: old.latest, othersReadUpTo: max(old.othersReadUpTo, min(now.othersReadUpTo, last)),
                viewerReadUpTo: max(old.viewerReadUpTo, min(now.viewerReadUpTo, last)))
        }
    }
}

/// Consecutive message numbers of one conversation, all of them or only one side's.
public struct MessageSlice: Equatable, Sendable {
    /// The senders whose messages a slice has.
    public enum Authorship: Equatable, Sendable {
        /// All messages.
        case anybody
        /// Only this user's.
        case only(UserID)
        /// All messages but this user's.
        case except(UserID)
    }

    /// The numbers it covers.
    public let numbers: ClosedRange<Int64>
    /// The senders of its messages.
    public let authorship: Authorship

    /// Creates a message slice.
    public init(_ numbers: ClosedRange<Int64>, _ authorship: Authorship = .anybody) {
        self.numbers = numbers
        self.authorship = authorship
    }

    /// Whether it takes this message.
    public func contains(_ message: Message) -> Bool {
        guard numbers.contains(message.n) else { return false }
        return switch authorship {
        case .anybody: true
        case .only(let user): message.sender == user
        case .except(let user): message.sender != user
        }
    }

    /// Whether it takes this message.
    func contains(_ message: PackedMessage) -> Bool {
        guard numbers.contains(message.n) else { return false }
        return switch authorship {
        case .anybody: true
        case .only(let user): user.text.hasSameBytes(as: message.sender)
        case .except(let user): !user.text.hasSameBytes(as: message.sender)
        }
    }
}
