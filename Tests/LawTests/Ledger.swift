import Synchronization

/// Every entity tag that was ever given out, with what it stood for.
final class Ledger: Sendable {
    private struct Use {
        let viewer: String
        let body: [UInt8]
    }

    private let uses = Mutex<[String: [String: Use]]>([:])

    /// Takes note of a `200`: no tag may stand for two bodies, nor for two viewers of one URL.
    func record(_ answer: Answer, to ask: Ask) throws {
        let tag = try answer.etag.orViolation("a 200 without ETag for \(ask.user) at \(ask.url)")
        try require(
            tag != ask.ifNoneMatch, "a 200 for \(ask.user) at \(ask.url) has the tag of its own If-None-Match: \(tag)")
        let earlier = uses.withLock { uses in
            let earlier = uses[ask.url]?[tag]
            uses[ask.url, default: [:]][tag] = Use(viewer: ask.user, body: answer.body)
            return earlier
        }
        guard let earlier else { return }
        try require(
            earlier.viewer == ask.user, "\(earlier.viewer) and \(ask.user) share the tag \(tag) at \(ask.url)")
        try require(
            earlier.body == answer.body,
            """
            the tag \(tag) at \(ask.url) stood for another body before
            before: \(String(decoding: earlier.body, as: UTF8.self))
            now:    \(answer.text)
            """)
    }
}
