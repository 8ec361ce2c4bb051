import HTTP

/// The sender's key for a message: the member `clientMessageId`, or the `Idempotency-Key` field where there is none.
///
/// The member comes first because it stays with the message, while some clients put a fresh field on every attempt.
enum IdempotencyKey {
    static let maximumLength = 255

    /// - Throws: `malformed-request`.
    static func of(_ request: Request, member: String?) throws(Problem) -> String? {
        // One that cannot be a key is a mistake, also where it would not count.
        let field = try request.fields.onlyText(.idempotencyKey).map { text throws(Problem) in
            try checked(unquoted(text), "Idempotency-Key")
        }
        guard let member, !member.isEmpty else { return field }
        return try checked(member, "clientMessageId")
    }

    private static func checked(_ key: String, _ name: String) throws(Problem) -> String {
        guard (1...maximumLength).contains(key.utf8.count), !key.hasControlCharacters else {
            throw Problem(
                .malformedRequest, "\(name) must have 1 to \(maximumLength) bytes and no control characters.")
        }
        return key
    }

    /// The Internet-Draft has the key in quotes (a structured-field string); many clients leave them out.
    private static func unquoted(_ value: String) -> String {
        guard value.utf8.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return value }
        return String(value.dropFirst().dropLast())
    }
}
