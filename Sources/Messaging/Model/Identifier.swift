/// The id of a tenant, a user or a conversation: text from outside, compared byte by byte.
///
/// Swift calls two strings equal when they are canonically equivalent; the database does not. Two people whose ids differ
/// only that way are two people, so identifiers compare and hash their UTF-8.
package struct Identifier<Owner>: Sendable {
    /// The id as it was given.
    package let text: String

    /// The longest id, in bytes of UTF-8.
    package static var maximumLength: Int { 255 }

    /// Takes an id of 1 to 255 bytes of UTF-8 without control characters; nil for any other text.
    package init?(_ text: String) {
        guard (1...Self.maximumLength).contains(text.utf8.count), !text.hasControlCharacters else { return nil }
        self.text = text
    }

    /// Takes an id that was checked before, from the store or made by us.
    package init(trusted text: String) {
        self.text = text
    }
}

extension Identifier: Hashable {
    /// Whether the bytes are the same.
    @inlinable
    package static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.text.hasSameBytes(as: rhs.text)
    }

    /// Hashes the bytes.
    @inlinable
    package func hash(into hasher: inout Hasher) {
        text.withBytes { hasher.combine(bytes: $0) }
        hasher.combine(0xFF as UInt8)
    }
}

extension Identifier: Comparable {
    /// Orders by bytes, as SQLite's BINARY collation does.
    package static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.text.hasBytes(before: rhs.text)
    }
}

extension Identifier: CustomStringConvertible {
    /// The id as it was given.
    package var description: String { text }
}

/// Marks the ids of tenants.
package enum TenantKind {}
/// Marks the ids of users.
package enum UserKind {}
/// Marks the ids of conversations.
package enum ConversationKind {}

/// The id of a tenant: the namespace of all other ids.
package typealias TenantID = Identifier<TenantKind>
/// The id of a user within a tenant.
package typealias UserID = Identifier<UserKind>
/// The id of a conversation within a tenant.
package typealias ConversationID = Identifier<ConversationKind>

extension Identifier where Owner == TenantKind {
    /// The one tenant of an installation without tenants.
    package static var none: TenantID { TenantID(trusted: "") }
}
