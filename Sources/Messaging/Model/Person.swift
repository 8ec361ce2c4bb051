/// The name and company of a user, for display.
public struct Person: Sendable, Equatable {
    /// The caller.
    public let id: UserID
    /// Their name, where it is known.
    public let name: String?
    /// The company they speak for, where it is known.
    public let company: String?

    /// The name, or the id where no name is known or nothing of it could be seen.
    public var displayName: String {
        if let name, !name.isBlank { name } else { id.text }
    }

    /// Creates a person.
    public init(id: UserID, name: String? = nil, company: String? = nil) {
        self.id = id
        self.name = name
        self.company = company
    }
}
