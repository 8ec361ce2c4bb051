import MessagingHTTP

extension ClientStep {
    /// Sends a first message to somebody, or to a few.
    mutating func open(_ people: [String], _ step: Int) async throws {
        let others = people.filter { $0 != user }.shuffled(using: &chance)
        // Two clients of one user may open something in the same step.
        let name = "\(step)-\(user)-\(chance.next() % 10_000)"
        switch Int.random(in: 0..<3, using: &chance) {
        case 0:
            let other = others[0]
            try await send(
                to: "@\(other)", [:], members: [user, other], isDirect: true, known: model.direct(user, other))
        case 1:
            try await send(
                to: "app/\(name)", ["receiverId": others[0]], members: [user, others[0]], isDirect: false,
                known: nil)
        default:
            // Now and then so many that an entry shows only some of them; the user is not always among the first.
            let crowd = chance.once(in: 4) ? (10..<40).map { "crowd-\($0)" } : []
            let group = Array(others.prefix(.random(in: 2...4, using: &chance))) + crowd
            try await send(
                to: "group \(name)", ["participantIds": group], members: [user] + group, isDirect: false,
                known: nil)
        }
    }

    /// Sends a message to a conversation there is.
    mutating func send(to talk: NaiveModel.Talk) async throws {
        try await send(
            to: reference(to: talk), [:], members: talk.members, isDirect: talk.isDirect,
            known: model.talks[talk.id])
    }

    /// Moves the read marker: to the end, or to some message.
    mutating func mark(_ talk: NaiveModel.Talk) async throws {
        let lastN = model.talks[talk.id]?.lastN ?? talk.lastN
        let before = model.talks[talk.id]?.mark(of: user) ?? 0
        var request = TestRequest(method: .put, user: user, url: Client.path(reference(to: talk), "read"))
        var target = lastN
        switch Int.random(in: 0..<4, using: &chance) {
        case 0: break
        case 1:
            request.contentType = "application/json"
            request.body = Array("{}".utf8)
        default:
            if chance.once(in: 2), lastN > 0 { target = .random(in: 1...lastN, using: &chance) }
            request.contentType = "application/json"
            request.body = try json(["upTo": "\(talk.id):\(target)"])
        }
        let answer = await access.server.answer(request)
        try require(answer.status == 200, "\(answer.status) for \(user), who read \(talk.id): \(answer.text)")
        let outcome = try parse(WireReadOutcome.self, answer.body)
        let upTo = outcome.readUpTo?.split(separator: ":").last.flatMap { Int($0) } ?? 0
        let wanted = max(before, target)
        try require(upTo >= wanted, "the marker of \(user) in \(talk.id) is at \(upTo), not \(wanted)")
        if access.isSequential {
            let unread = model.talks[talk.id]?.unread(by: user, after: wanted) ?? 0
            try require(
                upTo == wanted && outcome.unread == unread,
                "\(user) read \(talk.id) up to \(wanted), \(unread) unread; the answer was \(answer.text)")
        }
        try note(.marked(conversation: talk.id, user: user, upTo: upTo))
    }

    private mutating func send(
        to reference: String, _ receivers: [String: any Sendable], members: [String], isDirect: Bool,
        known: NaiveModel.Talk?
    ) async throws {
        var request = TestRequest(method: .post, user: user, url: Client.path(reference, "messages"))
        let content = "\(chance.pick(["Hello", "Grüße \u{65}\u{301}", "\"q\" \\ \n\t", "👋🏽"])) \(chance.next() % 1000)"
        let key = chance.once(in: 3) ? "key-\(chance.next())" : nil
        if receivers.isEmpty, chance.once(in: 3) {
            request.contentType = "text/plain; charset=utf-8"
            request.body = Array(content.utf8)
            request.idempotencyKey = key.map { "\"\($0)\"" }
        } else {
            request.contentType = "application/json"
            var members = receivers
            members["content"] = content
            members["clientMessageId"] = key
            request.body = try json(members)
        }
        let answer = await access.server.answer(request)
        try require(answer.status == 201 && !answer.isReplay, "\(answer.status) for \(user): \(answer.text)")
        let message = try parse(WireMessage.self, answer.body)
        let sorted = members.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        try check(message, content: content, key: key, sorted, known: known)
        try note(.sent(message, members: sorted, isDirect: isDirect))
        if key != nil, chance.once(in: 2) {
            let retry = await access.server.answer(request)
            try require(
                retry.isReplay && retry.status == 201 && retry.body == answer.body,
                "a retry of \(answer.text) was answered \(retry.status) \(retry.text)")
        }
    }

    private func check(
        _ message: WireMessage, content: String, key: String?, _ members: [String], known: NaiveModel.Talk?
    ) throws {
        let receiver = members.count == 2 ? members.first { $0 != user } : nil
        try require(
            message.content.utf8.elementsEqual(content.utf8) && message.senderId == user && message.sent
                && !message.read && message.receiverId == receiver && message.clientMessageId == key,
            "\(user) sent \(content) to \(members), and was answered \(message)")
        guard access.isSequential else { return }
        let n = (known?.lastN ?? 0) + 1
        let id = known?.id ?? message.conversationId
        try require(message.id == "\(id):\(n)", "\(user) sent message \(n) of \(id), which became \(message.id)")
    }
}
