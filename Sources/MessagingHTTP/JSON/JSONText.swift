import Messaging

/// Text in UTF-8 that is to become a string in JSON; it lies elsewhere.
struct JSONText {
    let utf8: UnsafeRawBufferPointer
    /// How many bytes it takes between its quotes.
    let size: Int

    /// - Parameter isPlain: whether it is known to be plain.
    init(_ utf8: UnsafeRawBufferPointer, isPlain: Bool = false) {
        self.utf8 = utf8
        size = isPlain || PlainText.isPlain(utf8) ? utf8.count : utf8.reduce(0) { $0 + UnsafeJSONWriter.length(of: $1) }
    }

    /// Whether every byte stands for itself, as in nearly all texts.
    var isPlain: Bool { size == utf8.count }
}
