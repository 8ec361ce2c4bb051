import Synchronization

/// Every entity tag of a history's answers, with the viewer and the body it stood for.
final class EntityTagLog: Sendable {
    private struct Use {
        let viewer: String
        let body: [UInt8]
    }

    private let uses = Mutex<[String: [String: Use]]>([:])

    /// Records a `200`: no tag may stand for two bodies, nor for two viewers of one URL.
    func record(_ answer: Answer, to request: TestRequest) throws {
        let tag = try answer.etag.orViolation("a 200 without ETag for \(request.user) at \(request.url)")
        try require(
            tag != request.ifNoneMatch,
            "a 200 for \(request.user) at \(request.url) has the tag of its own If-None-Match: \(tag)")
        let earlier = uses.withLock { uses in
            let earlier = uses[request.url]?[tag]
            uses[request.url, default: [:]][tag] = Use(viewer: request.user, body: answer.body)
            return earlier
        }
        guard let earlier else { return }
        try require(
            earlier.viewer == request.user,
            "\(earlier.viewer) and \(request.user) share the tag \(tag) at \(request.url)")
        try require(
            earlier.body == answer.body,
            """
            the tag \(tag) at \(request.url) stood for another body before
            before: \(String(decoding: earlier.body, as: UTF8.self))
            now:    \(answer.text)
            """)
    }
}
