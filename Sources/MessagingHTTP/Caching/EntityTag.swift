import HTTP
import Messaging

/// The entity tag of an answer to a poll (RFC 9110, section 8.8.3), and with it the decision whether anything changed.
///
/// It is a fingerprint of the cursor, which changes with everything visible, and of the rest that the answer depends on: the caller, the
/// resource and the query. It never depends on the clock, on credentials or on this process, so it survives a restart. The epoch in the
/// cursor makes it invalid after a restore. What follows the fingerprint says where a cut page begins, and in which form the body is.
public struct EntityTag: Equatable, Sendable {
    /// The tag with its quotes; a strong one, since the same state is always written as the same bytes.
    public let text: String

    /// The tag of one viewer's view of a conversation's messages. The bounds are part of it, because the end of a page depends on
    /// them.
    ///
    /// - Parameters:
    ///   - cursor: the present position.
    ///   - pruned: the number up to which messages were pruned, where the view depends on it, or else 0.
    init(
        messagesOf conversation: ConversationID, at cursor: String, _ window: MessageWindow, _ bounds: PageBounds,
        prunedUpTo pruned: Int64 = 0, caller: Caller
    ) {
        var variant = Fingerprint()
        variant.combine("messages")
        variant.combine(cursor)
        variant.combine(caller)
        variant.combine(conversation.text)
        variant.combine(bounds)
        switch window {
        case .newest: variant.combine("newest")
        case .before(let n):
            variant.combine("before")
            variant.combine(n)
        case .since(let marks):
            variant.combine("since")
            variant.combine(marks.latest)
            variant.combine(marks.othersReadUpTo)
            variant.combine(marks.viewerReadUpTo)
        }
        if pruned > 0 { variant.combine(pruned) }
        text = "\"\(variant.text)\""
    }

    /// The tag of a caller's list of conversations.
    ///
    /// It is made of cursors, and not of change numbers: with a fingerprint of the numbers themselves a caller could try which they are.
    ///
    /// - Parameters:
    ///   - cursor: the present position.
    ///   - query: what was asked for, with cursors that were found to be good.
    init(listOf caller: Caller, at cursor: String, _ query: Query, _ bounds: PageBounds, messages: Int) {
        var variant = Fingerprint()
        variant.combine("conversations")
        variant.combine(cursor)
        variant.combine(caller)
        variant.combine(bounds)
        variant.combine(Int64(messages))
        if let before = query.before {
            variant.combine("before")
            variant.combine(before)
        } else if let since = query.since {
            variant.combine("since")
            variant.combine(since)
        } else {
            variant.combine("newest")
        }
        text = "\"\(variant.text)\""
    }

    /// The tag of one conversation with all its participants.
    ///
    /// - Parameters:
    ///   - cursor: the viewer's present position in its messages.
    ///   - change: the cursor of the latest change that all participants see; it stands for their names.
    ///   - bounds: what bounds the messages it shows.
    init(
        conversation: ConversationID, at cursor: String, change: String, _ bounds: PageBounds, caller: Caller
    ) {
        var variant = Fingerprint()
        variant.combine("conversation")
        variant.combine(cursor)
        variant.combine(caller)
        variant.combine(conversation.text)
        variant.combine(bounds)
        variant.combine(change)
        text = "\"\(variant.text)\""
    }

    /// Takes a tag with its quotes.
    init(text: String) {
        self.text = text
    }

    /// The tag of the same page, cut at its oldest end so that it begins with this message.
    ///
    /// The state decides where a page is cut, but computing that needs all its messages. With the number in the tag, the client's
    /// request has it.
    func ofPage(from first: Int64) -> EntityTag {
        EntityTag(text: "\(text.dropLast()).\(first)\"")
    }

    /// The tag of a form of the body, of the tag without one.
    func of(_ form: BodyForm) -> EntityTag {
        form == .only ? self : EntityTag(text: "\(text.dropLast())\(form.suffix)\"")
    }

    /// The number of the first message of the cut page that the client has, if its request names a tag that ``ofPage(from:)`` made of this
    /// one, in a form that it still accepts.
    func firstOfPage(knownTo request: Request, accepting coding: AcceptedCoding = .identity) -> Int64? {
        guard let only = request.fields[.ifNoneMatch] else { return nil }
        let values = request.fields.count(of: .ifNoneMatch) == 1 ? nil : request.fields.all(.ifNoneMatch)
        return text.withBytes { tag in
            let beginning = UnsafeRawBufferPointer(rebasing: tag.dropLast())
            func first(_ value: ArraySlice<UInt8>) -> Int64? {
                value.withUnsafeBytes { Self.firstOfPage($0, tagsBeginning: beginning, coding) }
            }
            return values.map { $0.lazy.compactMap(first).first } ?? first(only)
        }
    }

    /// The number behind this beginning of a tag and a dot, in a list of tags.
    private static func firstOfPage(
        _ list: UnsafeRawBufferPointer, tagsBeginning beginning: UnsafeRawBufferPointer, _ coding: AcceptedCoding
    ) -> Int64? {
        var rest = list[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "\"")) {
            let tag = rest[start...]
            rest = tag.dropFirst()
            guard tag.count > beginning.count, tag[start + beginning.count] == UInt8(ascii: "."),
                UnsafeRawBufferPointer(rebasing: tag.prefix(beginning.count)).hasSameBytes(as: beginning),
                let end = rest.firstIndex(of: UInt8(ascii: "\""))
            else { continue }
            let number = tag[(start + beginning.count + 1)..<end]
            for form in coding.forms where number.ends(with: form.suffix) {
                if let first = DecimalNumber.parse(number.dropLast(form.suffix.utf8CodeUnitCount)) { return first }
            }
        }
        return nil
    }

    /// Whether an `If-None-Match` names this tag, by weak comparison (RFC 9110, sections 8.8.3.2 and 13.1.2).
    ///
    /// A proxy that compresses marks tags as weak, so `W/` makes no difference. What is not a list of tags matches nothing.
    public func matches(ifNoneMatch value: ArraySlice<UInt8>) -> Bool {
        // What nearly every poll brings.
        if value.hasSameBytes(as: text) { return true }
        var rest = value
        while let first = rest.first {
            switch first {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: ","):
                rest = rest.dropFirst()
            case UInt8(ascii: "*"):
                return true
            case UInt8(ascii: "W"):
                guard rest.starts(with: "W/\"".utf8) else { return false }
                rest = rest.dropFirst(2)
            case UInt8(ascii: "\""):
                guard let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "\"")) else { return false }
                if rest[...end].hasSameBytes(as: text) { return true }
                rest = rest[end...].dropFirst()
            default:
                return false
            }
        }
        return false
    }

    /// The tag of this state that the client holds, in a form that it still accepts; nil where it has another state.
    func held(by call: Call) -> EntityTag? {
        guard call.request.fields[.ifNoneMatch] != nil else { return nil }
        return call.coding.forms.lazy.map(of).first { $0.isKnown(to: call.request) }
    }

    /// Whether a request's condition names exactly this tag.
    func isKnown(to request: Request) -> Bool {
        guard let first = request.fields[.ifNoneMatch] else { return false }
        return matches(ifNoneMatch: first)
            || request.fields.all(.ifNoneMatch).dropFirst().contains { matches(ifNoneMatch: $0) }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate func ends(with text: StaticString) -> Bool {
        suffix(text.utf8CodeUnitCount).elementsEqual(
            UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}

extension Fingerprint {
    fileprivate mutating func combine(_ bounds: PageBounds) {
        combine(Int64(bounds.count))
        combine(Int64(bounds.bytes))
    }
}
