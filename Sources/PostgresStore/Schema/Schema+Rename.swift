extension Schema {
    /// Functions that store the name and company of a user, a step at a time: a user may have a hundred thousand conversations. A
    /// conversation shows the new name, and has a new change number, from the same commit on.
    ///
    /// - `postbox.rename(p_epoch text, p_writer bigint, p_tenant text, p_user text, p_name text, p_company text, p_number bigint, payload
    ///   bytea, p_rows int = 2000)`: one step. A name or company that is NULL stays; neither may contain U+0000. `p_number` is NULL in
    ///   the first call, and then what the call before returned.
    /// - `postbox.resume_renaming(p_epoch text, p_writer bigint, p_tenant text, p_user text, payload bytea, p_rows int = 2000)`: one step of
    ///   whatever renaming of the user is unfinished; done where there is none.
    ///
    /// Columns of the one row of both:
    /// - `is_done boolean`: whether all is done; otherwise the call must be repeated with `number`, which is NULL where an earlier renaming
    ///   is not finished.
    /// - `number bigint`.
    /// - `base bigint`: conversation i (from 1) has the change number `base + i` now; NULL where nothing was renamed.
    /// - `keys bigint[]`, `ids text[]`, `last_ns bigint[]`, `pruned_up_tos bigint[]`, `member_counts int[]`: the conversations.
    /// - `members text[]`, `marks bigint[]`: their participants by user id, and their read markers, those of one conversation after the
    ///   other.
    /// - `revisions bigint[]`: the revisions of the conversations.
    ///
    /// Errors: those of `postbox.begin_write`.
    static let renameFunctions = """
        CREATE FUNCTION postbox.rename(
            p_epoch text, p_writer bigint, p_tenant text, p_user text, p_name text, p_company text, p_number bigint, payload bytea,
            p_rows int DEFAULT 2000,
            out is_done boolean, out number bigint, out base bigint, out keys bigint[], out ids text[], out last_ns bigint[],
            out pruned_up_tos bigint[], out member_counts int[], out members text[], out marks bigint[], out revisions bigint[])
        LANGUAGE plpgsql VOLATILE
        \(byIndex) AS $$
        #variable_conflict use_column
        DECLARE
            known record;
            is_over boolean;
            is_known boolean;
            new_name text;
            new_company text;
        BEGIN
            PERFORM postbox.begin_write(p_epoch, p_writer);
            SELECT u.name, u.company, u.renaming INTO known FROM postbox.users u WHERE u.tenant_id = p_tenant AND u.id = p_user;
            is_known := FOUND;
            IF is_known AND known.renaming IS NOT NULL AND (p_number IS NULL OR known.renaming = p_number) THEN
                SELECT a.is_over, a.base, a.keys, a.ids, a.last_ns, a.pruned_up_tos, a.member_counts, a.members, a.marks,
                    a.revisions
                INTO is_over, base, keys, ids, last_ns, pruned_up_tos, member_counts, members, marks, revisions
                FROM postbox.advance_renaming(p_tenant, p_user, payload, p_rows) a;
                is_done := is_over AND p_number IS NOT NULL;
                number := p_number;
                RETURN;
            END IF;
            is_done := true;
            -- Where there is a number, that renaming is over.
            IF p_number IS NOT NULL THEN RETURN; END IF;
            IF NOT is_known THEN
                INSERT INTO postbox.users (tenant_id, id, name, company) VALUES (p_tenant, p_user, p_name, p_company);
                IF p_name IS NULL AND p_company IS NULL THEN RETURN; END IF;
            END IF;
            new_name := coalesce(p_name, known.name);
            new_company := coalesce(p_company, known.company);
            IF is_known AND known.name IS NOT DISTINCT FROM new_name AND known.company IS NOT DISTINCT FROM new_company THEN RETURN; END IF;
            number := nextval('postbox.position');
            UPDATE postbox.users u SET name = new_name, company = new_company, renaming = number, renamed_up_to = 0,
                former_name = known.name, former_company = known.company
            WHERE u.tenant_id = p_tenant AND u.id = p_user;
            SELECT a.is_over, a.base, a.keys, a.ids, a.last_ns, a.pruned_up_tos, a.member_counts, a.members, a.marks,
                    a.revisions
            INTO is_done, base, keys, ids, last_ns, pruned_up_tos, member_counts, members, marks, revisions
            FROM postbox.advance_renaming(p_tenant, p_user, payload, p_rows) a;
        END $$;

        CREATE FUNCTION postbox.resume_renaming(
            p_epoch text, p_writer bigint, p_tenant text, p_user text, payload bytea, p_rows int DEFAULT 2000,
            out is_done boolean, out number bigint, out base bigint, out keys bigint[], out ids text[], out last_ns bigint[],
            out pruned_up_tos bigint[], out member_counts int[], out members text[], out marks bigint[], out revisions bigint[])
        LANGUAGE plpgsql VOLATILE
        \(byIndex) AS $$
        #variable_conflict use_column
        BEGIN
            PERFORM postbox.begin_write(p_epoch, p_writer);
            is_done := true;
            PERFORM 1 FROM postbox.users u WHERE u.tenant_id = p_tenant AND u.id = p_user AND u.renaming IS NOT NULL;
            IF NOT FOUND THEN RETURN; END IF;
            SELECT a.is_over, a.base, a.keys, a.ids, a.last_ns, a.pruned_up_tos, a.member_counts, a.members, a.marks,
                    a.revisions
            INTO is_done, base, keys, ids, last_ns, pruned_up_tos, member_counts, members, marks, revisions
            FROM postbox.advance_renaming(p_tenant, p_user, payload, p_rows) a;
        END $$;

        -- Applies the new name to the next of the user's conversations. Reading and recording one costs as much as six rows more.
        CREATE FUNCTION postbox.advance_renaming(
            p_tenant text, p_user text, payload bytea, p_rows int,
            out is_over boolean, out base bigint, out keys bigint[], out ids text[], out last_ns bigint[],
            out pruned_up_tos bigint[], out member_counts int[], out members text[], out marks bigint[], out revisions bigint[])
        LANGUAGE plpgsql VOLATILE
        \(byIndex) AS $$
        #variable_conflict use_column
        BEGIN
            -- Where a tenant is given by a column and not by the parameter, the planner cannot join by reading all of the tenant.
            base := nextval('postbox.position');
            WITH next AS MATERIALIZED (
                -- At least one more than there is time for, or the last one would be taken for the user's last.
                SELECT p.conversation_key AS key FROM postbox.participants p
                WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.conversation_key > (
                    SELECT u.renamed_up_to FROM postbox.users u WHERE u.tenant_id = p_tenant AND u.id = p_user)
                ORDER BY p.conversation_key LIMIT p_rows / 6 + 2
            ), sized AS (
                SELECT n.key, (SELECT count(q.read_up_to) FROM postbox.participants q
                    WHERE q.tenant_id = p_tenant AND q.conversation_key = n.key) AS members FROM next n
            ), placed AS (
                SELECT s.key, s.members, row_number() OVER w AS i, coalesce(sum(6 + s.members) OVER (
                    ORDER BY s.key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) < p_rows AS is_taken
                FROM sized s WINDOW w AS (ORDER BY s.key)
            )
            SELECT coalesce(bool_and(p.is_taken), true),
                coalesce(array_agg(p.key ORDER BY p.i) FILTER (WHERE p.is_taken), '{}'),
                coalesce(array_agg(p.members::int ORDER BY p.i) FILTER (WHERE p.is_taken), '{}')
            INTO is_over, keys, member_counts FROM placed p;
            UPDATE postbox.conversations c SET change = base + k.i
            FROM (SELECT p_tenant AS tenant, k.key, k.i FROM unnest(keys) WITH ORDINALITY k (key, i) OFFSET 0) k
            WHERE c.tenant_id = k.tenant AND c.key = k.key;
            UPDATE postbox.participants p SET list_change = c.change
            FROM (SELECT p_tenant AS tenant, k.key FROM unnest(keys) k (key) OFFSET 0) k
                JOIN postbox.conversations c ON c.tenant_id = k.tenant AND c.key = k.key
            WHERE c.activity_copies > 0 AND p.tenant_id = c.tenant_id AND p.conversation_key = c.key AND coalesce(p.list_activity, 0) > 0;
            IF is_over THEN
                UPDATE postbox.users u SET renaming = NULL, renamed_up_to = NULL, former_name = NULL, former_company = NULL
                WHERE u.tenant_id = p_tenant AND u.id = p_user;
            ELSE
                UPDATE postbox.users u SET renamed_up_to = keys[cardinality(keys)] WHERE u.tenant_id = p_tenant AND u.id = p_user;
            END IF;
            SELECT coalesce(array_agg(c.id ORDER BY k.i), '{}'), coalesce(array_agg(c.last_n ORDER BY k.i), '{}'),
                coalesce(array_agg(c.pruned_up_to ORDER BY k.i), '{}'), coalesce(array_agg(c.revision ORDER BY k.i), '{}')
            INTO ids, last_ns, pruned_up_tos, revisions
            FROM unnest(keys) WITH ORDINALITY k (key, i) CROSS JOIN LATERAL (
                SELECT c.id, c.last_n, c.pruned_up_to, c.revision FROM postbox.conversations c
                WHERE c.tenant_id = p_tenant AND c.key = k.key OFFSET 0) c;
            SELECT coalesce(array_agg(m.user_id), '{}'), coalesce(array_agg(m.read_up_to), '{}') INTO members, marks FROM (
                SELECT p.user_id, p.read_up_to
                FROM unnest(keys) WITH ORDINALITY k (key, i) CROSS JOIN LATERAL (
                    SELECT p.user_id, p.read_up_to FROM postbox.participants p
                    WHERE p.tenant_id = p_tenant AND p.conversation_key = k.key OFFSET 0) p
                ORDER BY k.i, p.user_id) m;
            INSERT INTO postbox.feed (position, kind, ns, marks, payload) VALUES (base, 'rename', keys, '{}', payload);
        END $$;
        """
}
