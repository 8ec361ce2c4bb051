/// A user's browser: it asks again with the tags it has, and gives the page what it kept when the answer is `304`.
struct Browser: Sendable {
    let user: String
    private var kept: [String: Answer] = [:]

    /// Every other user's browser accepts gzip; the others are told apart by nothing else.
    private var acceptsGzip: Bool { user.utf8.reduce(0) { $0 + Int($1) }.isMultiple(of: 2) }

    init(user: String) {
        self.user = user
    }

    /// Gets a URL; the answer has the body and the status the page would see.
    ///
    /// - Parameter conditional: whether to send `If-None-Match` where there is a tag.
    mutating func get(_ url: String, conditional: Bool, _ access: CheckedAccess) async throws -> Page {
        let known = conditional ? kept[url] : nil
        let request = TestRequest(user: user, url: url, ifNoneMatch: known?.etag, acceptsGzip: acceptsGzip)
        let answer = try await access.get(request)
        let shown: Answer
        if answer.status == 304 {
            let known = try known.orViolation("a 304 for \(user) at \(url), who named no tag")
            try require(answer.etag == known.etag, "a 304 with another tag for \(user) at \(url)")
            try require(
                answer.cursor == known.cursor && answer.link == nil,
                "a 304 with a Link, or another X-Cursor than its 200 had, for \(user) at \(url)")
            shown = known
        } else {
            if answer.status == 410 { throw Expired(url: url) }
            try require(answer.status == 200, "\(answer.status) for \(user) at \(url): \(answer.text)")
            kept[url] = answer
            shown = answer
        }
        return Page(
            body: shown.body, wasModified: answer.status == 200,
            cursor: try answer.cursor.orViolation("no X-Cursor for \(user) at \(url)"),
            next: try shown.link("next").orViolation("no rel=next for \(user) at \(url)"),
            previous: shown.link("prev"), prunedUpTo: answer.prunedUpTo ?? 0)
    }

    /// Thrown where the server says that a cursor is of no use any more.
    struct Expired: Error {
        let url: String
    }

    /// What the page sees.
    struct Page: Sendable {
        let body: [UInt8]
        let wasModified: Bool
        let cursor: String
        let next: String
        let previous: String?
        /// The number up to which the messages were pruned.
        let prunedUpTo: Int
    }
}
