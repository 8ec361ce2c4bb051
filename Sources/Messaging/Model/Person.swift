/// The name and company of a user, for display.
package struct Person: Sendable, Equatable {
    /// The caller.
    package let id: UserID
    /// Their name, where it is known.
    package let name: String?
    /// The company they speak for, where it is known.
    package let company: String?

    /// The name, or the id where no name is known or nothing of it could be seen.
    package var displayName: String {
        if let name, !name.isBlank { name } else { id.text }
    }

    package init(id: UserID, name: String? = nil, company: String? = nil) {
        self.id = id
        self.name = name
        self.company = company
    }
}
