extension FeedRow {
    /// The row as commits for an observer; nil where memory has to forget everything.
    ///
    /// The conversations in them have what the row says: the numbers and markers that it made. The observer keeps what it knows to be
    /// greater.
    ///
    /// - Parameter resolve: returns the conversation with this key where the row does not say its participants, or its id.
    func commits<Failure: Error>(
        resolve: (TenantID, Int64) throws(Failure) -> FeedConversation?
    ) throws(Failure) -> [Commit]? {
        guard let changes = payload?.changes else { return nil }
        var commits: [Commit] = []
        var marked = MarkedConversations()
        var (messages, markers) = (0, 0)
        for change in changes {
            switch change {
            case .message(let conversation, let message):
                guard messages < numbers.count else { return nil }
                messages += 1
                let n = numbers[messages - 1]
                guard n > 0 else { continue }
                guard let (conversation, users) = try known(conversation, resolve) else { return nil }
                commits.append(
                    commit(of: conversation, users, lastN: n, at: position + Int64(messages), message.stored(as: n)))
            case .mark(let conversation, let reader):
                guard markers < marks.count else { return nil }
                markers += 1
                if marks[markers - 1] > 0 { marked.add(conversation, reader, marks[markers - 1], marker: markers) }
            case .opened(let conversation):
                guard let (conversation, users) = try known(conversation, resolve) else { return nil }
                commits.append(commit(of: conversation, users, lastN: 0, at: position, nil))
            case .renamed(let tenant):
                for (index, key) in numbers.enumerated() {
                    guard let conversation = try resolve(tenant, key), let users = conversation.participants else {
                        return nil
                    }
                    commits.append(commit(of: conversation, users, lastN: 0, at: position + Int64(index) + 1, nil))
                }
            case .removed(let tenant):
                guard marks.count == 2 * numbers.count else { return nil }
                for (index, key) in numbers.enumerated() {
                    guard let conversation = try resolve(tenant, key), let users = conversation.participants else {
                        return nil
                    }
                    commits.append(removal(from: conversation, users, index))
                }
            case .everything: return nil
            }
        }
        for moved in marked.all {
            guard let (conversation, users) = try known(moved.conversation, resolve) else { return nil }
            commits.append(commit(of: conversation, users, moved, after: position + Int64(messages)))
        }
        return commits
    }

    private func known<Failure: Error>(
        _ conversation: FeedConversation, _ resolve: (TenantID, Int64) throws(Failure) -> FeedConversation?
    ) throws(Failure) -> (FeedConversation, [UserID])? {
        if let users = conversation.participants { return (conversation, users) }
        guard let found = try resolve(conversation.tenant, conversation.key), let users = found.participants else {
            return nil
        }
        return (found, users)
    }

    /// A change that all participants see.
    private func commit(
        of conversation: FeedConversation, _ users: [UserID], lastN: Int64, at change: Int64, _ message: Message?
    ) -> Commit {
        Commit(
            tenant: conversation.tenant,
            conversation: Conversation(
                id: conversation.id, key: conversation.key, lastN: lastN, change: change,
                participants: users.map { Conversation.Participant(user: $0) }),
            listChanges: users.map { Commit.ListChange(user: $0, change: change) }, message: message)
    }

    /// A removal from the conversation at this place in the row. Pruned messages count as read.
    private func removal(from conversation: FeedConversation, _ users: [UserID], _ index: Int) -> Commit {
        let (pruned, change) = (marks[2 * index], position + Int64(index) + 1)
        return Commit(
            tenant: conversation.tenant,
            conversation: Conversation(
                id: conversation.id, key: conversation.key, lastN: 0, prunedUpTo: pruned,
                revision: marks[2 * index + 1], change: change,
                participants: users.map { Conversation.Participant(user: $0, readUpTo: pruned) }),
            listChanges: users.map { Commit.ListChange(user: $0, change: change) }, isRemoval: true)
    }

    /// The markers of one conversation, which all took the number of the last of them.
    private func commit(
        of conversation: FeedConversation, _ users: [UserID], _ moved: MarkedConversations.Moved, after start: Int64
    ) -> Commit {
        let change = start + Int64(moved.lastMarker)
        let lists = markedLists?.filter { $0.change == change }
        return Commit(
            tenant: conversation.tenant,
            conversation: Conversation(
                id: conversation.id, key: conversation.key, lastN: 0,
                participants: users.map { Conversation.Participant(user: $0, readUpTo: moved.marks[$0] ?? 0) }),
            listChanges: lists ?? [],
            forgottenLists: lists == nil ? users : [])
    }
}

/// The read markers of a row that moved, by conversation.
private struct MarkedConversations {
    struct Moved {
        let conversation: FeedConversation
        var marks: [UserID: Int64] = [:]
        var lastMarker = 0
    }

    private(set) var all: [Moved] = []
    private var places: [ConversationKey: Int] = [:]

    mutating func add(_ conversation: FeedConversation, _ reader: UserID, _ mark: Int64, marker: Int) {
        let name = ConversationKey(tenant: conversation.tenant, id: conversation.id)
        let place = places[name] ?? all.count
        if place == all.count {
            places[name] = place
            all.append(Moved(conversation: conversation))
        }
        all[place].marks[reader] = max(mark, all[place].marks[reader] ?? 0)
        all[place].lastMarker = marker
    }
}

extension FeedMessage {
    /// The message under its number; nil where its text is left out.
    fileprivate func stored(as n: Int64) -> Message? {
        content.map {
            Message(n: n, sender: sender, content: $0, sentAt: sentAt, clientMessageID: clientMessageID)
        }
    }
}
