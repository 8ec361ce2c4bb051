import Messaging

extension JSONWriter {
    /// Appends an entry of a viewer's list; `embedded` is how many of its newest messages it shows.
    mutating func conversation(_ summary: ConversationSummary, for viewer: UserID, embedded: Int) {
        let conversation = summary.conversation
        let title = ConversationTitle(people: summary.people, of: summary.participantCount, viewer: viewer)
        raw("{\"id\":")
        string(conversation.id.text)
        raw(",\"name\":")
        string(title.name)
        raw(",\"company\":")
        string(title.company)
        raw(",\"initials\":")
        string(title.initials)
        raw(",\"lastMessage\":")
        if summary.newest.isEmpty {
            raw("\"\",\"lastMessageTime\":")
            timestamp(summary.openedAt)
        }
        summary.newest.suffix(1).visit { last in
            string(last.content)
            raw(",\"lastMessageTime\":")
            timestamp(last.sentAt)
        }
        raw(",\"unread\":")
        number(summary.unread)
        raw(",\"participants\":[")
        for (place, person) in summary.people.enumerated() {
            if place > 0 { raw(",") }
            self.person(person)
        }
        raw("],\"participantCount\":")
        number(Int64(summary.participantCount))
        raw(",\"messages\":")
        messages(summary.newest.suffix(embedded), in: conversation, for: viewer, summary.marks)
        raw("}")
    }

    private mutating func person(_ person: Person) {
        raw("{\"id\":")
        string(person.id.text)
        raw(",\"name\":")
        string(person.displayName)
        raw(",\"company\":")
        string(person.company ?? "")
        raw("}")
    }
}
