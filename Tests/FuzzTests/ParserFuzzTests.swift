import HTTP
import Messaging
import Testing

@testable import MessagingHTTP

/// Every pure parser, fed with what nobody would write: it gives a value or a documented problem, and what it prints it reads.
struct ParserFuzzTests {
    @Test("Request targets of any bytes are read or refused")
    func targets() async throws {
        let base = "/api/messages/conversations"
        let seeds = [
            base, base + "/c-1/messages", base + "/c-1/read", base + "/@bob/messages",
            base + "/a%2Fb%25/messages?since=k3f9.hak7wkvhad.1.2.3",
            base + "?limit=5&messages=3", base + "?since=k3f9.iejyu3dmygwae", base + "/c/messages?before=7&limit=500",
            "/ws",
            "/ws/info?t=1",
            "/healthz", "http://a.example" + base + "?userId=a+b", "https://x", "*", "", "?",
        ]
        try await Fuzz.run(60_000, seeds: seeds) { input in
            let target = RequestTarget(input)
            try Fuzz.check(target.path.count + target.query.count <= input.count, "a target grew")
            try Self.problems([.notFound, .malformedRequest]) {
                let requested = try RequestedRoute(target.path)
                // What a Link names must lead to the same place.
                let again = try RequestedRoute(RequestTarget(Array(requested.path.utf8)).path)
                try Fuzz.check(again == requested, "\(requested.path) leads elsewhere")
            }
            try Self.problems([.malformedRequest]) {
                let query = try Query(target.query)
                try Fuzz.check(query.limit.map { (1...500).contains($0) } ?? true, "limit \(query.limit ?? 0)")
                try Fuzz.check(query.messages.map { (0...100).contains($0) } ?? true, "messages \(query.messages ?? 0)")
                try Fuzz.check(query.since == nil || query.before == nil, "both since and before")
            }
        }
    }

    @Test("Percent-encoded text of any bytes is decoded or refused")
    func percentEncoding() async throws {
        try await Fuzz.run(30_000, seeds: ["a%2Fb", "%C3%A4", "a+b", "%%", "plain", "%e2%82%ac"]) { input in
            if let text = PercentEncoding.decode(input) {
                let encoded = PercentEncoding.encode(text)
                try Fuzz.check(encoded.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "not a URL: \(encoded)")
                let again = PercentEncoding.decode(encoded.utf8)
                try Fuzz.check(
                    again.map { $0.utf8.elementsEqual(text.utf8) } ?? false, "\(encoded) says something else")
            }
            _ = PercentEncoding.decode(input, plusIsSpace: true)
        }
    }

    @Test("Message cursors of any text are read or refused")
    func messageCursors() async throws {
        let conversation = ConversationID(trusted: "c-1.2:3")
        let epoch = try #require(Epoch("k3f9"))
        let (key, alice) = (CursorKey(random: 1, 2), Caller(user: UserID(trusted: "alice")))
        let current = MessageCursor(
            epoch: epoch, view: key.view(of: conversation, by: alice),
            marks: ReadMarks(latest: 42, othersReadUpTo: 40, viewerReadUpTo: 38),
            revision: 3)
        let earlier = current.at(ReadMarks(latest: 7, othersReadUpTo: 0, viewerReadUpTo: 3))
        let other = key.view(of: ConversationID(trusted: "other"), by: alice)
        let seeds = [
            current.text, earlier.text,
            current.at(ReadMarks(latest: 43, othersReadUpTo: .max, viewerReadUpTo: .max)).text,
            MessageCursor(epoch: epoch, view: other, marks: earlier.marks, revision: 3).text,
            MessageCursor(epoch: epoch, view: current.view, marks: earlier.marks).text, "7", "42", "c-1.2:3:7",
            "c-1.2:3:42", "0", "aaaa.1.1.1", "k3f9.42.40.38", "k3f9.9223372036854775807.0.0",
        ]
        try await Fuzz.run(60_000, seeds: seeds) { input in
            guard let text = String(validating: input, as: UTF8.self) else { return }
            do {
                let cursor = try MessageCursor(text, in: conversation, current: current)
                let isBare = DecimalNumber.parse(text.utf8) != nil || MessageID(text, in: conversation) != nil
                try Fuzz.check(isBare || cursor.text == text, "\(text) is printed as \(cursor.text)")
                try Fuzz.check(cursor.view == current.view && cursor.revision == 3, "of something else: \(cursor.text)")
                try Fuzz.check(
                    cursor.epoch == epoch && (0...42).contains(cursor.marks.latest),
                    "beyond what is stored: \(cursor.text)")
                try Fuzz.check(
                    (0...40).contains(cursor.marks.othersReadUpTo) && (0...38).contains(cursor.marks.viewerReadUpTo),
                    "marks: \(cursor.text)")
                let again = try MessageCursor(cursor.text, in: conversation, current: current)
                try Fuzz.check(again == cursor, "\(cursor.text) says something else")
            } catch is CursorError {}
        }
    }

    @Test("List cursors of any text are read or refused")
    func listCursors() async throws {
        let epoch = try #require(Epoch("k3f9"))
        let cursors = ListCursors(
            of: Caller(user: UserID(trusted: "alice")), epoch: epoch, key: CursorKey(random: 1, 2))
        let seeds = [0, 1, 16, 17, 18, .max].flatMap { [cursors.text(at: $0), cursors.text(justBelow: $0)] }
        let former = ["k3f9.17", "k3f9.0", "aaaa.1", "k3f9.18", "k3f9.9223372036854775807", "."]
        // As large as can be, so that all that can be read is a position.
        for current in [17, .max] as [Int64] {
            try await Fuzz.run(40_000, seeds: seeds + former) { input in
                guard let text = String(validating: input, as: UTF8.self) else { return }
                do {
                    let known = try cursors.changesKnown(by: text, current: current)
                    let end = try cursors.pageEnd(in: text, current: current)
                    try Fuzz.check((0...current).contains(known), "beyond what is stored: \(text)")
                    try Fuzz.check(end == known || end == known + 1, "\(text) is \(known) and \(end)")
                    let again = [cursors.text(at: end), cursors.text(justBelow: end)]
                    try Fuzz.check(again.contains(text), "\(text) is printed as one of \(again)")
                } catch is CursorError {}
            }
        }
    }

    @Test("Numbers, epochs, ids, message ids and references of any text are read or refused")
    func names() async throws {
        let conversation = ConversationID(trusted: "c-1:2")
        let seeds = [
            "0", "42", "9223372036854775807", "k3f9", "@bob", "@", "c-1:2:7", "c-1:2:", "..", ".", "é", "a\u{1}b",
        ]
        try await Fuzz.run(40_000, seeds: seeds, more: [[UInt8](repeating: 0x61, count: 255)]) { input in
            if let number = DecimalNumber.parse(input) {
                try Fuzz.check(String(number).utf8.elementsEqual(input), "\(number)")
            }
            guard let text = String(validating: input, as: UTF8.self) else { return }
            if let epoch = Epoch(text) { try Fuzz.check(epoch.text == text, "\(epoch.text)") }
            if let id = UserID(text) {
                try Fuzz.check(
                    (1...255).contains(id.text.utf8.count) && !id.text.utf8.contains { $0 < 0x20 }, "\(id.text)")
            }
            if let id = MessageID(text, in: conversation) {
                try Fuzz.check(id.text.utf8.elementsEqual(text.utf8) && id.n > 0, "\(id)")
            }
            _ = ConversationReference(text)
        }
    }

    @Test("If-None-Match of any bytes is read or ignored")
    func ifNoneMatch() async throws {
        let tag = EntityTag(text: "\"k3f9.42.40.38-1x2y\"")
        let seeds = [
            tag.text, "W/\(tag.text)", "\"a\", \(tag.text)", "*", "\"\"", "\"a\",\"b\" , W/\"c\"", "", ",", "W/\"",
            "k3f9.42.40.38",
        ]
        try await Fuzz.run(60_000, seeds: seeds) { input in
            let matches = tag.matches(ifNoneMatch: input[...])
            let mayMatch = input.contains(UInt8(ascii: "*")) || input.firstRange(of: Array(tag.text.utf8)) != nil
            try Fuzz.check(!matches || mayMatch, "matches without being named")
        }
    }

    @Test("Media types and idempotency keys of any bytes are read or refused")
    func fields() async throws {
        let seeds = [
            "application/json", "text/plain; charset=utf-8", "application/json;charset=\"UTF-8\"", ";", "\"key-1\"",
            "key", "\"\"",
        ]
        try await Fuzz.run(30_000, seeds: seeds) { input in
            _ = MediaType(input[...])
            var fields = RequestFields()
            fields.append(.idempotencyKey, input)
            let request = Request(method: .post, target: [], fields: fields)
            try Self.problems([.malformedRequest]) {
                let key = try IdempotencyKey.of(request, member: nil)
                try Fuzz.check(
                    key.map { (1...255).contains($0.utf8.count) } ?? true, "a key of \(key?.utf8.count ?? 0) bytes")
            }
        }
    }

    /// Allows an attempt to throw these problems and no others.
    static func problems(_ kinds: Set<ProblemKind>, _ attempt: () throws -> Void) throws {
        do {
            try attempt()
        } catch let problem as Problem {
            try Fuzz.check(kinds.contains(problem.kind), "an undocumented problem: \(problem)")
        }
    }
}
