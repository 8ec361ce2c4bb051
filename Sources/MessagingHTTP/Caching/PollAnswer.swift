import Compression
import HTTP
import Messaging

/// The header fields of the answers to a poll, `200` and `304`.
struct PollAnswer {
    /// The tag of the state, of no form of the body.
    let tag: EntityTag
    /// The cursor that covers what the client has once it has this answer.
    let cursor: String
    /// The `before` cursor of the older page; nil where there is none.
    let before: String?
    /// The number up to which messages of the conversation were pruned; 0 where none were.
    var prunedUpTo: Int64 = 0
    /// Which of the polls this is.
    let endpoint: Endpoint
    /// Whether `since` with the cursor returns later changes; otherwise the client asks for the same resource again.
    var isFollowed = true

    /// `304 Not Modified` where the request's condition names the tag, else `200` with a body of `size` bytes.
    ///
    /// - Parameters:
    ///   - size: the bytes of the body before it is compressed.
    ///   - boundaries: where one conversation ends in the body and another begins.
    ///   - body: makes the body; not called where the answer needs none.
    /// - Throws: `overloaded` where there is no memory for it.
    func response(
        to call: Call, _ memory: AnswerMemory, size: Int, boundaries: [Int] = [],
        body: () -> [UInt8]
    ) throws(Problem) -> PollResponse {
        guard tag.held(by: call) == nil else { return PollResponse(notModified(call)) }
        let form = call.coding.form(size: size)
        let fields = fields(of: form, call)
        guard call.wantsBody || form == .gzip else {
            return PollResponse(Response(status: 200, fields: fields, sizeOfBody: size, label: label(call)))
        }
        let share = try memory.take(size, for: call.caller)
        return PollResponse(
            Response(status: 200, fields: fields, body: body(), label: label(call), share: share), form, boundaries,
            wantsBody: call.wantsBody)
    }

    /// `200` with a body that is compressed already and had `size` bytes before, for a call that does not hold the tag.
    ///
    /// - Throws: `overloaded` where there is no memory for it.
    func response(
        to call: Call, _ memory: AnswerMemory, size: Int, compressed body: [UInt8]
    ) throws(Problem) -> PollResponse {
        guard call.wantsBody else {
            return PollResponse(
                Response(
                    status: 200, fields: fields(of: .gzip, call), sizeOfBody: body.count, uncodedSize: size,
                    label: label(call)))
        }
        let share = try memory.take(body.count, for: call.caller)
        return PollResponse(
            Response(
                status: 200, fields: fields(of: .gzip, call), body: body, uncodedSize: size, label: label(call),
                share: share))
    }

    private func label(_ call: Call) -> Label {
        Label(endpoint, call.query.since == nil ? .full : .delta, by: call.caller)
    }

    /// The fields of a `200` with a body of this form.
    private func fields(of form: BodyForm, _ call: Call) -> [Response.Field] {
        var fields: [Response.Field] = []
        fields.reserveCapacity(Self.mostFields)
        fields.append(Response.Field("Content-Type", "application/json"))
        if form == .gzip { fields.append(Response.Field("Content-Encoding", "gzip")) }
        append(tag.of(form), call, to: &fields)
        fields.append(Response.Field("Link", links(call.query)))
        fields += call.common
        return fields
    }

    /// `304 Not Modified` (RFC 9110, section 15.4.5); cached, to answer the same request again.
    ///
    /// It has the fields of the `200` that the section asks for, those that a client steers its polls by, and those without which a browser
    /// does not show the answer to a page. A client has the others from the `200`.
    func notModified(_ call: Call) -> Response {
        var fields: [Response.Field] = []
        append(tag.held(by: call) ?? tag, call, to: &fields)
        fields += call.common.filter { $0.name != CORSPolicy.exposingField || call.request.showsNotModified }
        return Response(
            status: 304, fields: fields,
            label: Label(endpoint, .notModified, by: call.caller),
            isShared: true)
    }

    /// An answer seldom has more fields.
    private static let mostFields = 12

    /// The field that says when to come again.
    static let intervalField = "X-Poll-Interval"

    /// The field that says up to which number the messages of a conversation were pruned.
    static let prunedField = "X-Pruned-Up-To"

    /// Appends the fields that a `304` has as well.
    private func append(_ tag: EntityTag, _ call: Call, to fields: inout [Response.Field]) {
        fields.append(Response.Field("ETag", tag.text))
        fields.append(Response.Field("Cache-Control", "private, no-cache"))
        fields.append(Response.Field(Self.intervalField, String(call.pollInterval)))
        fields.append(Response.Field("X-Cursor", cursor))
        if prunedUpTo > 0 { fields.append(Response.Field(Self.prunedField, String(prunedUpTo))) }
        if let applied = Preference.applied(wait: call.wait) { fields.append(applied) }
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

/// An answer to a poll whose body may have to be compressed, which takes longer than to make it.
struct PollResponse: Sendable {
    /// The response as it is without compression; its fields are those of the compressed one.
    let uncompressed: Response
    private let form: BodyForm
    private let boundaries: [Int]
    private let wantsBody: Bool

    /// A response that goes out as it is.
    init(_ response: Response) {
        self.init(response, .only, [], wantsBody: true)
    }

    /// - Parameters:
    ///   - form: the form that the fields are for.
    ///   - boundaries: where one conversation ends in the body and another begins.
    ///   - wantsBody: whether the body goes out, and not only its size.
    init(_ response: Response, _ form: BodyForm, _ boundaries: [Int], wantsBody: Bool) {
        uncompressed = response
        self.form = form
        self.boundaries = boundaries
        self.wantsBody = wantsBody
    }

    /// The response as it goes out. It takes about 1 ms for 140 KB: loop threads may compress only little.
    ///
    /// Each conversation is compressed separately, so the size of the body reveals nothing about another conversation's text. Otherwise a
    /// user who writes to the caller, and sees how large the caller's encrypted answers are, could guess what others wrote (the attacks
    /// called CRIME and BREACH). Within one conversation texts of several people are compressed together: every participant can read them.
    ///
    /// - Throws: `overloaded` where there is no memory to compress.
    func compressed() throws(Problem) -> Response {
        guard form == .gzip else { return uncompressed }
        guard let body = Gzip.compress(uncompressed.body, apartAt: boundaries) else {
            throw Problem.noMemoryToCompress
        }
        let share = uncompressed.share as? AnswerMemory.Share
        share?.shrink(to: body.count)
        return Response(
            status: uncompressed.status, fields: uncompressed.fields, body: wantsBody ? body : [],
            sizeOfBody: body.count,
            uncodedSize: uncompressed.body.count, label: uncompressed.label, share: wantsBody ? share : nil)
    }
}

extension Problem {
    /// There is no memory to compress an answer.
    static var noMemoryToCompress: Problem {
        Problem(
            .overloaded, "There is no memory to compress the answer. Try again shortly.",
            fields: [Response.Field("Retry-After", "5")])
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
