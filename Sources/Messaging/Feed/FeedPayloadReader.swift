/// Reads a payload; whatever the bytes are, each method returns nil where they are not what it reads.
struct FeedPayloadReader {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Everything; the bytes must end with it.
    mutating func changes() -> [FeedChange]? {
        guard bytes.count <= FeedPayload.largestSize, byte() == FeedPayload.form else { return nil }
        guard let conversations = list({ $0.conversation() }), let changes = list({ $0.change(in: conversations) }),
            offset == bytes.count
        else { return nil }
        return changes
    }

    /// A count, and so many elements.
    private mutating func list<Element>(_ next: (inout FeedPayloadReader) -> Element?) -> [Element]? {
        // Each element has a byte at least, so a count that is wrong allocates nothing.
        guard let count = number(), count <= UInt64(bytes.count - offset) else { return nil }
        var elements: [Element] = []
        elements.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let element = next(&self) else { return nil }
            elements.append(element)
        }
        return elements
    }

    private mutating func conversation() -> FeedConversation? {
        guard let tenant = text(), let key = number(), let id = text(), let count = number() else { return nil }
        var participants: [UserID]?
        if count > 0 {
            guard count - 1 <= UInt64(FeedPayload.mostParticipants) else { return nil }
            var users: [UserID] = []
            for _ in 0..<count - 1 {
                guard let user = text() else { return nil }
                users.append(UserID(trusted: user))
            }
            participants = users
        }
        return FeedConversation(
            tenant: TenantID(trusted: tenant), key: Int64(bitPattern: key), id: ConversationID(trusted: id),
            participants: participants)
    }

    private mutating func change(in conversations: [FeedConversation]) -> FeedChange? {
        guard let kind = byte().flatMap(FeedChangeKind.init) else { return nil }
        switch kind {
        case .message:
            guard let conversation = reference(in: conversations), let message = message() else { return nil }
            return .message(conversation, message)
        case .mark:
            guard let conversation = reference(in: conversations), let reader = text() else { return nil }
            return .mark(conversation, reader: UserID(trusted: reader))
        case .opened: return reference(in: conversations).map { .opened($0) }
        case .renamed: return text().map { .renamed(TenantID(trusted: $0)) }
        case .removed: return text().map { .removed(TenantID(trusted: $0)) }
        case .everything: return .everything
        }
    }

    private mutating func reference(in conversations: [FeedConversation]) -> FeedConversation? {
        guard let place = number(), place < UInt64(conversations.count) else { return nil }
        return conversations[Int(place)]
    }

    private mutating func message() -> FeedMessage? {
        guard let sender = text(), let sentAt = number(), let texts = byte(), texts <= 2 else { return nil }
        var (content, key): (String?, String?)
        if texts > 0 {
            guard let text = text() else { return nil }
            content = text
        }
        if texts > 1 {
            guard let text = text() else { return nil }
            key = text
        }
        return FeedMessage(
            sender: UserID(trusted: sender), sentAt: Timestamp(milliseconds: Int64(bitPattern: sentAt)),
            clientMessageID: key, content: content)
    }

    private mutating func byte() -> UInt8? {
        guard offset < bytes.count else { return nil }
        defer { offset += 1 }
        return bytes[offset]
    }

    private mutating func number() -> UInt64? {
        var (number, shift): (UInt64, UInt64) = (0, 0)
        while let byte = byte() {
            let digit = UInt64(byte & 0x7F)
            guard shift < 63 || (shift == 63 && digit <= 1) else { return nil }
            number |= digit << shift
            if byte & 0x80 == 0 { return number }
            shift += 7
        }
        return nil
    }

    private mutating func text() -> String? {
        guard let count = number(), count <= UInt64(bytes.count - offset) else { return nil }
        let end = offset + Int(count)
        defer { offset = end }
        return String(validating: bytes[offset..<end], as: UTF8.self)
    }
}
