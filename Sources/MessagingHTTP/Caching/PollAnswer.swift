import HTTP
import Messaging

/// The header fields that every answer to a poll carries, `200` and `304` alike.
struct PollAnswer {
    let tag: EntityTag
    /// The cursor that covers what the client has once it has this answer.
    let cursor: String
    /// The `before` cursor of the older page; nil where there is none.
    let before: String?
    /// Which of the polls this is.
    let endpoint: Endpoint
    /// Whether `since` with the cursor returns later changes; otherwise the client asks for the same resource again.
    var isFollowed = true

    /// `304 Not Modified` where the request's condition names the tag, else `200` with a body of `size` bytes.
    ///
    /// - Parameter body: makes the body; not called where the answer has none.
    /// - Throws: `overloaded` where there is no memory for it.
    func response(
        to call: Call, _ settings: ServiceSettings, _ memory: AnswerMemory, size: Int, body: () -> [UInt8]
    ) throws(Problem) -> Response {
        guard !tag.isKnown(to: call.request) else { return notModified(call, settings) }
        let type = Response.Field("Content-Type", "application/json")
        let outcome = call.query.since == nil ? Outcome.full : .delta
        let label = Label(endpoint, outcome, by: call.caller)
        let fields = [type] + fields(call, settings)
        guard call.wantsBody else { return Response(status: 200, fields: fields, sizeOfBody: size, label: label) }
        let share = try memory.take(size, for: call.caller)
        return Response(status: 200, fields: fields, body: body(), label: label, share: share)
    }

    /// `304 Not Modified` (RFC 9110, section 15.4.5); cached, to answer the same request again.
    func notModified(_ call: Call, _ settings: ServiceSettings) -> Response {
        Response(
            status: 304, fields: fields(call, settings), label: Label(endpoint, .notModified, by: call.caller),
            isShared: true)
    }

    /// The field that says when to come again.
    static let intervalField = "X-Poll-Interval"

    private func fields(_ call: Call, _ settings: ServiceSettings) -> [Response.Field] {
        [
            Response.Field("ETag", tag.text), Response.Field("Cache-Control", "private, no-cache"),
            Response.Field(Self.intervalField, String(call.pollInterval)), Response.Field("X-Cursor", cursor),
            Response.Field("Link", links(call.query)),
        ] + applied(call) + call.common
    }

    /// What is or would be applied of the client's preferences (RFC 7240, section 3). It is on each answer: clients would take one without
    /// it for an answer of a server that knows no waiting.
    private func applied(_ call: Call) -> [Response.Field] {
        call.wait.map { [Response.Field("Preference-Applied", "wait=\($0)")] } ?? []
    }

    /// `Link` with the URL of the next poll and of the older page, with the parameters of this request.
    ///
    /// The URLs are relative to the requested one (RFC 8288, section 3.2; RFC 3986, section 5.2.2): a query alone keeps the path, and
    /// with it a prefix that a proxy removed.
    private func links(_ query: Query) -> String {
        guard isFollowed else { return again(query) }
        var kept = ""
        if let limit = query.limit { kept += "&limit=\(limit)" }
        if let messages = query.messages { kept += "&messages=\(messages)" }
        if let user = query.userID { kept += "&userId=\(PercentEncoding.encode(user))" }
        let next = "<?since=\(cursor)\(kept)>; rel=\"next\""
        guard let before else { return next }
        return "\(next), <?before=\(before)\(kept)>; rel=\"prev\""
    }

    private func again(_ query: Query) -> String {
        var parameters = "messages=\(query.messages ?? ListConversations.defaultMessages)"
        if let user = query.userID { parameters += "&userId=\(PercentEncoding.encode(user))" }
        return "<?\(parameters)>; rel=\"next\""
    }
}

/// Compares a cursor with the state in memory; nil where the cursor is ahead of memory, and the store must be asked.
///
/// A commit is on disk a moment before memory is updated. A client that was answered from disk in between has a cursor that only seems
/// to be ahead, and must not be refused.
func unlessAhead<Value>(_ read: () throws -> Value?) throws -> Value? {
    do {
        return try read()
    } catch CursorError.expired {
        return nil
    }
}
