/// The statements about names and companies; ``Schema/renameFunctions`` says what the steps take and return.
enum PeopleQuery {
    /// One step of storing a name and company. `$1 text` the epoch, `$2 bigint` the writer, `$3 text` the tenant, `$4 text` the user,
    /// `$5 text` the name, `$6 text` the company, `$7 bigint` the number, `$8 bytea` the payload.
    static let rename = "SELECT * FROM postbox.rename($1, $2, $3, $4, $5, $6, $7, $8)"

    /// One step of a renaming that was left unfinished. `$1 text` the epoch, `$2 bigint` the writer, `$3 text` the tenant, `$4 text` the
    /// user, `$5 bytea` the payload.
    static let resume = "SELECT * FROM postbox.resume_renaming($1, $2, $3, $4, $5)"

    /// All users whose renaming is not finished: `tenant_id text`, `id text`.
    static let unfinished = """
        SELECT u.tenant_id, u.id FROM postbox.users u WHERE u.renaming IS NOT NULL ORDER BY u.tenant_id, u.id
        """

    /// What is stored of a user: `name text`, `company text`. `$1 text` the tenant, `$2 text` the user.
    static let person = "SELECT u.name, u.company FROM postbox.users u WHERE u.tenant_id = $1 AND u.id = $2"
}
