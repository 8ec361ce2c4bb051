import Messaging

/// The names and companies of an import: stored many at a time, in the order of their records.
struct ImportedPeople {
    private struct Name: Hashable {
        let tenant: TenantID
        let user: UserID
    }

    private var waiting: [(person: Person, tenant: TenantID)] = []
    private var waitingNames: Set<Name> = []
    /// The users whose conversations look different now.
    private(set) var renamed: [(user: UserID, tenant: TenantID)] = []

    private static let step = 1000

    /// Takes a person; returns whether those who wait must be stored first.
    func mustFlush(before id: UserID, _ tenant: TenantID) -> Bool {
        waiting.count >= Self.step || waitingNames.contains(Name(tenant: tenant, user: id))
    }

    mutating func add(_ person: Person, _ tenant: TenantID) {
        waiting.append((person, tenant))
        waitingNames.insert(Name(tenant: tenant, user: person.id))
    }

    /// Stores those who wait; returns how many of them others see in another way now.
    ///
    /// - Throws: ``PostgresError``.
    mutating func flush(_ connection: PostgresConnection) throws -> Int {
        guard !waiting.isEmpty else { return 0 }
        let rows = try connection.run(
            """
            WITH given AS MATERIALIZED (
                SELECT g.i, g.tenant, g.id, coalesce(g.name, u.name) AS name, coalesce(g.company, u.company) AS company,
                    u.id IS NULL AS is_new,
                    coalesce(g.name, u.name) IS DISTINCT FROM u.name
                        OR coalesce(g.company, u.company) IS DISTINCT FROM u.company AS differs
                FROM unnest($1, $2, $3, $4) WITH ORDINALITY g (tenant, id, name, company, i)
                    LEFT JOIN postbox.users u ON u.tenant_id = g.tenant AND u.id = g.id
            ), stored AS (
                INSERT INTO postbox.users (tenant_id, id, name, company)
                SELECT g.tenant, g.id, g.name, g.company FROM given g WHERE g.is_new OR g.differs
                ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, company = excluded.company,
                    renaming = NULL, renamed_up_to = NULL, former_name = NULL, former_company = NULL
            )
            SELECT array_agg(g.i) FROM given g WHERE g.differs
            """,
            [
                .textArray(waiting.map { $0.tenant.text }), .textArray(waiting.map { $0.person.id.text }),
                .textArray(waiting.map { $0.person.name.map(Self.storable) }),
                .textArray(waiting.map { $0.person.company.map(Self.storable) }),
            ], within: nil)
        let changed = try rows.int8Array(0, 0).map { waiting[Int($0) - 1] }
        renamed += changed.map { ($0.person.id, $0.tenant) }
        waiting = []
        waitingNames = []
        return changed.count
    }

    /// Removes U+0000, which no text of PostgreSQL can contain.
    private static func storable(_ text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value != 0 }))
    }
}
