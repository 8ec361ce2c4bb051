import Messaging

/// The progress of a command that stores the name and company of a user.
enum RenameProgress: Equatable {
    case done
    /// The command must be given again, with the number of its renaming; nil where it has not begun because an earlier one is on its
    /// way.
    case unfinished(number: Int64?)
}

extension WriteTransaction {
    /// Stores the name and company of a user; each of their conversations changes where one of them is new.
    ///
    /// A user may have a hundred thousand conversations, so each call renames only a part of them. A conversation shows the new name,
    /// and has a new change number, from the same commit on.
    ///
    /// - Parameter number: the number that the previous call returned.
    func setPerson(_ person: Person, tenant: TenantID, number: Int64? = nil) throws -> RenameProgress {
        let people = StoredPeople(db: db)
        let isRemoval = person.name == "" && person.company == ""
        if let running = try people.renaming(of: person.id, tenant: tenant), number == nil || running.number == number {
            let isOver = try advance(running, of: person.id, tenant: tenant, isRemoval: isRemoval)
            return isOver && number != nil ? .done : .unfinished(number: number)
        }
        // Where there is a number, that renaming is over.
        guard number == nil else { return .done }
        let own = upcomingChange
        guard try people.set(person, tenant: tenant, renaming: own) else { return .done }
        let isOver = try advance(
            StoredPeople.Renaming(number: own, upTo: 0), of: person.id, tenant: tenant, isRemoval: isRemoval)
        return isOver ? .done : .unfinished(number: own)
    }

    /// Continues an unfinished renaming; returns whether it is finished.
    func resumeRenaming(of user: UserID, tenant: TenantID) throws -> Bool {
        guard let running = try StoredPeople(db: db).renaming(of: user, tenant: tenant) else { return true }
        return try advance(running, of: user, tenant: tenant)
    }

    /// Applies the new name to the next of the user's conversations; returns whether the last one is reached.
    private func advance(
        _ renaming: StoredPeople.Renaming, of user: UserID, tenant: TenantID, isRemoval: Bool = false
    ) throws -> Bool {
        // Reading and recording a conversation costs as much as some rows more.
        let rowsEach = 6
        // At least one more than there is time for, or the last one would be taken for the user's last.
        let keys = try conversations.keys(
            of: user, tenant: tenant, after: renaming.upTo, limit: bounds.rowsRenamedAtOnce / rowsEach + 2)
        var left = bounds.rowsRenamedAtOnce
        var renamed: [Conversation] = []
        for (place, key) in keys.enumerated() {
            guard left > 0 else {
                try StoredPeople(db: db).setRenamed(user, tenant: tenant, upTo: keys[place - 1])
                rememberChanges(of: renamed, tenant: tenant)
                return false
            }
            guard let known = try conversations.find(key: key) else { continue }
            var conversation = known.conversation
            let change = nextChange()
            conversation.change = change
            try conversations.update(key, change: change, activityCopies: known.activityCopies)
            record(
                conversation, tenant: tenant, change: change, seenBy: conversation.participants.map(\.user),
                isRemoval: isRemoval)
            renamed.append(conversation)
            left -= rowsEach + conversation.participants.count
        }
        try StoredPeople(db: db).setRenamed(user, tenant: tenant, upTo: nil)
        rememberChanges(of: renamed, tenant: tenant)
        return true
    }
}
