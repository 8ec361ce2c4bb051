import GRDB
import Messaging

/// What is known of users, as rows.
struct StoredPeople {
    let db: Database

    /// Stores what is known of a user, keeping what is not given, and answers whether anybody would see a difference.
    func set(_ person: Person, tenant: TenantID) throws -> Bool {
        let known = try find(person.id, tenant: tenant)
        let name = person.name.map(Self.storable) ?? known?.name
        let company = person.company.map(Self.storable) ?? known?.company
        let differs = !Self.same(known?.name, name) || !Self.same(known?.company, company)
        guard known == nil || differs else { return false }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO users (tenant_id, id, name, company) VALUES (?, ?, ?, ?)
                ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, company = excluded.company
                """)
        try statement.execute(arguments: [tenant.text, person.id.text, name, company])
        return differs
    }

    private func find(_ id: UserID, tenant: TenantID) throws -> Person? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT name, company FROM users
                WHERE tenant_id = ? AND id = ?
                """)
        let cursor = try Row.fetchCursor(statement, arguments: [tenant.text, id.text])
        guard let row = try cursor.next() else { return nil }
        return Person(id: id, name: row[0], company: row[1])
    }

    /// SQLite's text ends at U+0000; without it, what comes back is what was stored.
    private static func storable(_ text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value != 0 }))
    }

    /// Compares bytes: canonically equivalent names are still different answers.
    private static func same(_ lhs: String?, _ rhs: String?) -> Bool {
        switch (lhs, rhs) {
        case (nil, nil): true
        case (let lhs?, let rhs?): lhs.hasSameBytes(as: rhs)
        default: false
        }
    }
}
