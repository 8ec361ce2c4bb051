/// The memory that the library has for one connection: the head of a request, a record for each field and query parameter, what has
/// come in of later requests, and the answer's head share it.
///
/// Where the answer's head does not fit, the library closes the connection without a word. So nothing may be done for a request
/// before it is certain that it fits.
struct ConnectionMemory {
    /// What the library keeps of a field beside its line: 7 words, rounded up to 16 bytes.
    private static let record = 64

    /// How much of it an answer may take, in bytes, beside the origin that it repeats: what a request does is done only where as much is
    /// left. Links of polls can be longer, and those do nothing.
    static let answerHead = 1536

    /// How much there is, in bytes.
    let size: Int

    /// Whether a request leaves enough for any answer; it takes no less as it goes on.
    func hasCapacity(besides request: RequestReader.Extent, partialLine: Int = 0) -> Bool {
        left(by: request, unread: partialLine) >= Self.answerHead
    }

    /// What a request leaves for its answer, in bytes; at least 0.
    func left(by request: RequestReader.Extent, unread: Int) -> Int {
        let lines = request.blank + request.head + request.trailers + unread
        // Each part is rounded up to 16 bytes.
        return max(0, size - lines - 32 - Self.record * (request.fields + request.parameters))
    }
}
