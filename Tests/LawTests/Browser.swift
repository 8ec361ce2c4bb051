/// A user's browser: it asks again with the tags it has, and gives the page what it kept when the answer is `304`.
struct Browser: Sendable {
    let user: String
    private var kept: [String: Answer] = [:]

    init(user: String) {
        self.user = user
    }

    /// Gets a URL; the answer has the body and the status the page would see.
    ///
    /// - Parameter conditional: whether to send `If-None-Match` where there is a tag.
    mutating func get(_ url: String, conditional: Bool, _ access: CheckedAccess) async throws -> Page {
        let known = conditional ? kept[url] : nil
        let request = TestRequest(user: user, url: url, ifNoneMatch: known?.etag)
        let answer = try await access.get(request)
        let body: [UInt8]
        if answer.status == 304 {
            let known = try known.orViolation("a 304 for \(user) at \(url), who named no tag")
            try require(answer.etag == known.etag, "a 304 with another tag for \(user) at \(url)")
            try require(
                answer.cursor == known.cursor && answer.link == known.link,
                "a 304 with another X-Cursor or Link than its 200 had, for \(user) at \(url)")
            body = known.body
        } else {
            try require(answer.status == 200, "\(answer.status) for \(user) at \(url): \(answer.text)")
            kept[url] = answer
            body = answer.body
        }
        return Page(
            body: body, wasModified: answer.status == 200,
            cursor: try answer.cursor.orViolation("no X-Cursor for \(user) at \(url)"),
            next: try answer.link("next").orViolation("no rel=next for \(user) at \(url)"),
            previous: answer.link("prev"))
    }

    /// What the page sees.
    struct Page: Sendable {
        let body: [UInt8]
        let wasModified: Bool
        let cursor: String
        let next: String
        let previous: String?
    }
}
