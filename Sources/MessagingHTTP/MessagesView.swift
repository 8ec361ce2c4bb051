import Messaging

/// One viewer's view of a conversation's messages through one query, before anything is read.
struct MessagesView {
    let conversation: Conversation
    let reference: ConversationReference
    let caller: Caller
    /// The present position.
    let cursor: MessageCursor
    /// That, as text.
    let cursorText: String
    let window: MessageWindow
    let limit: Int
    /// What has to be read.
    let slices: [MessageSlice]
    let tag: EntityTag

    /// The present marks.
    var now: ReadMarks { cursor.marks }

    init(
        conversation: Conversation, reference: ConversationReference, caller: Caller, cursor: MessageCursor,
        window: MessageWindow, limit: Int
    ) {
        self.conversation = conversation
        self.reference = reference
        self.caller = caller
        self.cursor = cursor
        cursorText = cursor.text
        self.window = window
        self.limit = limit
        slices = window.slices(
            now: cursor.marks, viewer: caller.user, limit: limit, prunedUpTo: conversation.prunedUpTo)
        tag = EntityTag(messagesOf: conversation.id, at: cursorText, window, limit: limit, caller: caller)
    }

    /// The cursor of a position in this view.
    func text(at marks: ReadMarks) -> String {
        marks == now ? cursorText : cursor.at(marks).text
    }

    /// Whether all that the slices hold fits the limit, whoever wrote it.
    var certainlyFits: Bool {
        slices.reduce(0) { $0 + $1.numbers.count } <= limit
    }

    /// The number below which the older page begins; nil where this is not a page or there is none.
    var olderBefore: Int64? {
        if case .since = window { return nil }
        guard let first = slices.first?.numbers.lowerBound, first > conversation.prunedUpTo + 1 else { return nil }
        return first
    }
}
