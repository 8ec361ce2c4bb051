/// The id of a tenant, a user or a conversation: text from outside, compared byte by byte.
///
/// Swift calls two strings equal when they are canonically equivalent; the database does not. Two people whose ids differ
/// only that way are two people, so identifiers compare and hash their UTF-8.
public struct Identifier<Owner>: Sendable {
    /// The id as it was given.
    public let text: String

    /// The longest id, in bytes of UTF-8.
    public static var maximumLength: Int { 255 }

    /// The bytes of heap memory that it takes, about: up to 15 bytes of text are stored inline.
    var memory: Int { text.utf8.count > 15 ? text.utf8.count + 32 : 0 }

    /// Takes an id of 1 to 255 bytes of UTF-8 without control characters; nil for any other text.
    public init?(_ text: String) {
        guard (1...Self.maximumLength).contains(text.utf8.count), !text.hasControlCharacters else { return nil }
        self.text = text
    }

    /// Takes an id that was checked before, from the store or made by us.
    public init(trusted text: String) {
        self.text = text
    }
}

extension Identifier: Hashable {
    /// Whether the bytes are the same.
    @inlinable
    public static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.text.hasSameBytes(as: rhs.text)
    }

    /// Hashes the bytes.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        text.withBytes { hasher.combine(bytes: $0) }
        hasher.combine(0xFF as UInt8)
    }
}

extension Identifier: Comparable {
    /// Orders by bytes, as SQLite's BINARY collation does.
    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.text.hasBytes(before: rhs.text)
    }
}

extension Identifier: CustomStringConvertible {
    /// The id as it was given.
    public var description: String { text }
}

/// Marks the ids of tenants.
public enum TenantKind {}
/// Marks the ids of users.
public enum UserKind {}
/// Marks the ids of conversations.
public enum ConversationKind {}

/// The id of a tenant: the namespace of all other ids.
public typealias TenantID = Identifier<TenantKind>
/// The id of a user within a tenant.
public typealias UserID = Identifier<UserKind>
/// The id of a conversation within a tenant.
public typealias ConversationID = Identifier<ConversationKind>

extension Identifier where Owner == TenantKind {
    /// The one tenant of an installation without tenants.
    public static var none: TenantID { TenantID(trusted: "") }
}
