import Messaging

/// What is the same in the messages of a pack, by sender, written once for all of them.
struct MessageFrames {
    private struct Place {
        let sent: Bool
        let beforeContent: Range<Int>
    }

    private let conversation: Conversation
    private let viewer: UserID
    private var json = JSONWriter(capacity: 512)
    private let beforeNumber: Range<Int>
    /// Each at the place that is its author's number.
    private var places: [Place?] = []

    init(in conversation: Conversation, for viewer: UserID) {
        self.conversation = conversation
        self.viewer = viewer
        places.reserveCapacity(8)
        json.raw("{\"id\":\"")
        json.stringContent(conversation.id.text)
        json.raw(":")
        beforeNumber = 0..<json.bytes.count
    }

    /// What stands around the ids of a frame has fewer bytes.
    private static let mostAroundTexts = 80

    /// The most bytes that a frame has.
    private(set) var longest = 0

    /// Makes the frame of a message where there is none yet.
    mutating func add(_ message: PackedMessage) {
        if message.author < places.count, places[message.author] != nil { return }
        let start = json.bytes.count
        let (id, receiver) = (conversation.id.text, conversation.receiver(of: message.sender)?.text)
        id.withBytes { id in
            (receiver ?? "").withBytes { other in
                let (id, sender, other) = (JSONText(id), JSONText(message.sender), JSONText(other))
                json.append(atMost: Self.mostAroundTexts + id.size + sender.size + other.size) { json in
                    json.raw("\",\"conversationId\":")
                    json.string(id)
                    json.raw(",\"senderId\":")
                    json.string(sender)
                    json.raw(",\"receiverId\":")
                    if receiver == nil { json.raw("null") } else { json.string(other) }
                    json.raw(",\"content\":")
                }
            }
        }
        longest = max(longest, beforeNumber.count + json.bytes.count - start)
        while places.count <= message.author { places.append(nil) }
        places[message.author] = Place(
            sent: viewer.text.hasSameBytes(as: message.sender), beforeContent: start..<json.bytes.count)
    }

    /// Shows the frames of messages that were added.
    func withEach(_ use: ((PackedMessage) -> MessageFrame) -> Void) {
        json.bytes.withUnsafeBytes { bytes in
            let beforeNumber = UnsafeRawBufferPointer(rebasing: bytes[beforeNumber])
            use { message in
                guard let place = places[message.author] else { preconditionFailure("a message without a frame") }
                return MessageFrame(
                    sent: place.sent, beforeNumber: beforeNumber,
                    beforeContent: UnsafeRawBufferPointer(rebasing: bytes[place.beforeContent]))
            }
        }
    }
}

/// What is the same in all messages of one sender that a viewer sees in a conversation; good while ``MessageFrames`` shows it.
struct MessageFrame {
    /// Whether the viewer is the sender.
    let sent: Bool
    /// From the beginning to the number in `id`.
    let beforeNumber: UnsafeRawBufferPointer
    /// From there to the content.
    let beforeContent: UnsafeRawBufferPointer
}
