import HTTP
import Messaging

/// One viewer's view of a conversation's messages through one query, before anything is read.
struct MessagesView {
    let conversation: Conversation
    let caller: Caller
    /// The present position.
    let cursor: MessageCursor
    /// The present position as text.
    let cursorText: String
    let window: MessageWindow
    let bounds: PageBounds
    /// The slices to read.
    let slices: [MessageSlice]
    let tag: EntityTag

    /// The present marks.
    var now: ReadMarks { cursor.marks }

    init(
        conversation: Conversation, caller: Caller, cursor: MessageCursor, window: MessageWindow, bounds: PageBounds
    ) {
        self.conversation = conversation
        self.caller = caller
        self.cursor = cursor
        cursorText = cursor.text
        self.window = window
        self.bounds = bounds
        slices = window.slices(
            now: cursor.marks, viewer: caller.user, limit: bounds.count, prunedUpTo: conversation.prunedUpTo)
        tag = EntityTag(
            messagesOf: conversation.id, at: cursorText, window, bounds,
            prunedUpTo: Self.prunedUpTo(in: slices, window, conversation), caller: caller)
    }

    /// The number up to which messages were pruned, where the answer depends on it, or else 0.
    ///
    /// A page depends on it where it goes back as far. A delta leaves out what was pruned, so one with messages may, and one without tells
    /// of the pruning by its header field.
    private static func prunedUpTo(
        in slices: [MessageSlice], _ window: MessageWindow, _ conversation: Conversation
    ) -> Int64 {
        if case .since = window { return conversation.prunedUpTo }
        let isAbove = slices.first.map { $0.numbers.lowerBound > conversation.prunedUpTo + 1 } ?? false
        return isAbove ? 0 : conversation.prunedUpTo
    }

    /// The cursor of a position in this view.
    func text(at marks: ReadMarks) -> String {
        marks == now ? cursorText : cursor.at(marks).text
    }

    /// How far an answer reaches: over all of the slices, or less because of its size.
    struct Extent {
        /// The tag.
        let tag: EntityTag
        /// The number below which the older page begins; nil where this is not a page or there is none.
        let olderBefore: Int64?
    }

    /// The extent of an answer whose first message has this number; nil where it begins with the slices.
    func extent(from first: Int64?) -> Extent {
        if case .since = window { return Extent(tag: tag, olderBefore: nil) }
        guard let start = slices.first?.numbers.lowerBound else { return Extent(tag: tag, olderBefore: nil) }
        let first = max(first ?? start, start)
        return Extent(
            tag: first == start ? tag : tag.ofPage(from: first),
            olderBefore: first > conversation.prunedUpTo + 1 ? first : nil)
    }

    /// The extent of the answer that the client has, by the entity tags in its request. Nil where the client has another answer, or
    /// where only reading the messages could tell.
    func extent(knownTo call: Call) -> Extent? {
        let request = call.request
        if slices.isEmpty { return tag.held(by: call) != nil ? extent(from: nil) : nil }
        if case .since = window { return nil }
        guard let first = tag.firstOfPage(knownTo: request, accepting: call.coding) else {
            let namesAll = request.fields[.ifNoneMatch]?.contains(UInt8(ascii: "*")) ?? false
            return !namesAll && tag.held(by: call) != nil ? extent(from: nil) : nil
        }
        return slices.contains { $0.numbers.contains(first) } ? extent(from: first) : nil
    }
}
