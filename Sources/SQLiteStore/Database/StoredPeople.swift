import GRDB
import Messaging

/// The names and companies of users, as rows.
struct StoredPeople {
    /// A renaming: a changed name that reaches the user's conversations one after the other.
    struct Renaming {
        /// Tells it apart from the user's other renamings.
        let number: Int64
        /// The key of the last conversation that shows the new name.
        let upTo: Int64
    }

    let db: Database

    /// Stores the name and company of a user for all of their conversations; a value that is not given stays. Returns whether this
    /// changes what other users see.
    func set(_ person: Person, tenant: TenantID) throws -> Bool {
        try set(person, tenant: tenant, renaming: nil)
    }

    /// Stores them in the same way, but each of the user's conversations shows the former name until the renaming reaches it.
    func set(_ person: Person, tenant: TenantID, renaming: Int64?) throws -> Bool {
        let known = try find(person.id, tenant: tenant)
        let name = person.name.map(Self.storable) ?? known?.name
        let company = person.company.map(Self.storable) ?? known?.company
        let differs = !Self.same(known?.name, name) || !Self.same(known?.company, company)
        guard known == nil || differs else { return false }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO users (tenant_id, id, name, company, renaming, renamed_up_to, former_name, former_company)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, company = excluded.company,
                    renaming = excluded.renaming, renamed_up_to = excluded.renamed_up_to,
                    former_name = excluded.former_name, former_company = excluded.former_company
                """)
        let isRenaming = differs && renaming != nil
        try statement.execute(arguments: [
            tenant.text, person.id.text, name, company, isRenaming ? renaming : nil, isRenaming ? 0 : nil,
            isRenaming ? known?.name : nil, isRenaming ? known?.company : nil,
        ])
        return differs
    }

    /// Whether a name or a company of a user is stored, or anything else of theirs besides where they take part.
    func isKnown(_ user: UserID, tenant: TenantID) throws -> Bool {
        try find(user, tenant: tenant) != nil
    }

    /// Removes the row of a user, unless they have a name or a company, or a renaming of theirs is unfinished.
    func removeNameless(_ user: UserID, tenant: TenantID) throws {
        let statement = try db.cachedStatement(
            sql: """
                DELETE FROM users WHERE tenant_id = ? AND id = ?
                    AND ifnull(name, '') = '' AND ifnull(company, '') = '' AND renaming IS NULL
                """)
        try statement.execute(arguments: [tenant.text, user.text])
    }

    /// The unfinished renaming of a user.
    func renaming(of user: UserID, tenant: TenantID) throws -> Renaming? {
        let statement = try db.cachedStatement(
            sql: "SELECT renaming, renamed_up_to FROM users WHERE tenant_id = ? AND id = ? AND renaming IS NOT NULL")
        let cursor = try Row.fetchCursor(statement, arguments: [tenant.text, user.text])
        guard let row = try cursor.next() else { return nil }
        return Renaming(number: row[0], upTo: row[1])
    }

    /// All users whose renaming is not finished.
    func renamed() throws -> [Caller] {
        try Row.fetchAll(
            db, sql: "SELECT tenant_id, id FROM users INDEXED BY users_renaming WHERE renaming IS NOT NULL"
        ).map { Caller(tenant: TenantID(trusted: $0[0]), user: UserID(trusted: $0[1])) }
    }

    /// Records the progress of the user's renaming; nil where it is finished.
    func setRenamed(_ user: UserID, tenant: TenantID, upTo key: Int64?) throws {
        if let key {
            let statement = try db.cachedStatement(
                sql: "UPDATE users SET renamed_up_to = ? WHERE tenant_id = ? AND id = ?")
            try statement.execute(arguments: [key, tenant.text, user.text])
        } else {
            let statement = try db.cachedStatement(
                sql: """
                    UPDATE users SET renaming = NULL, renamed_up_to = NULL, former_name = NULL, former_company = NULL
                    WHERE tenant_id = ? AND id = ?
                    """)
            try statement.execute(arguments: [tenant.text, user.text])
        }
    }

    /// The former name and company, for the conversations that the renaming has not reached yet.
    func former(_ user: UserID, tenant: TenantID) throws -> Person {
        try fetch("SELECT former_name, former_company FROM users WHERE tenant_id = ? AND id = ?", user, tenant)
            ?? Person(id: user)
    }

    func find(_ id: UserID, tenant: TenantID) throws -> Person? {
        try fetch("SELECT name, company FROM users WHERE tenant_id = ? AND id = ?", id, tenant)
    }

    private func fetch(_ query: String, _ id: UserID, _ tenant: TenantID) throws -> Person? {
        let statement = try db.cachedStatement(sql: query)
        let cursor = try Row.fetchCursor(statement, arguments: [tenant.text, id.text])
        guard let row = try cursor.next() else { return nil }
        return Person(id: id, name: row[0], company: row[1])
    }

    /// Removes U+0000, where text of SQLite ends, so that the stored text reads back unchanged.
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
