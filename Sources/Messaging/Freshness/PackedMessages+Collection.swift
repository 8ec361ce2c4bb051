extension PackedMessages: RandomAccessCollection {
    /// The place of the first message.
    package var startIndex: Int { Int(start) }

    /// The place after the last message.
    package var endIndex: Int { Int(end) }

    /// The message at this place.
    package subscript(place: Int) -> Message {
        withMessage(at: place) { $0.unpacked }
    }

    /// Some of the messages, in the same piece of memory.
    package subscript(places: Range<Int>) -> PackedMessages {
        var part = self
        (part.start, part.end) = (Int32(places.lowerBound), Int32(places.upperBound))
        return part
    }
}

extension PackedMessages: Equatable {
    /// Whether these are the same messages.
    package static func == (lhs: Self, rhs: Self) -> Bool { lhs.elementsEqual(rhs) }
}
