extension PackedMessages {
    /// The newest messages: at most as many as the bounds allow, with at most so many bytes of content, but at least one where there is one.
    package func newest(within bounds: PageBounds) -> PackedMessages {
        let last = suffix(bounds.count)
        guard last.textSize > bounds.bytes else { return last }
        var (first, size) = (last.endIndex, 0)
        while first > last.startIndex {
            size += withMessage(at: first - 1) { $0.content.count }
            if size > bounds.bytes, first < last.endIndex { break }
            first -= 1
        }
        return self[first..<last.endIndex]
    }

    /// The bytes of all their contents.
    package var contentSize: Int {
        var size = 0
        visit { size += $0.content.count }
        return size
    }

    /// The same messages, which were appended from the newest to the oldest, in the order of their numbers.
    package var reversedMessages: PackedMessages { PackedMessages(self, at: indices.reversed()) }
}
