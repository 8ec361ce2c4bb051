extension Schema {
    /// `postbox.write(…)`: one batch of messages and read markers in one transaction, as sets.
    ///
    /// The caller has checked that every sender and reader takes part, and puts at most one draft with the same conversation, sender and
    /// key into a batch. At most 1023 writes.
    ///
    /// Parameters: `p_epoch text`, `p_node bigint`; the messages `s_tenant text[]`, `s_key bigint[]` (conversations), `s_sender text[]`,
    /// `s_content text[]`, `s_client_id text[]` (NULL without a key), `s_at bigint[]` (milliseconds); the read markers
    /// `r_tenant text[]`, `r_key bigint[]`, `r_user text[]`, `r_upto bigint[]` (NULL: the last message, those of this batch included);
    /// `payload bytea`, for the feed.
    ///
    /// Columns of the one row:
    /// - `base bigint`: message i (from 1) has the change number `base + i`. A conversation's change, and its activity, is that of its
    ///   last message. All markers that move in a conversation take the number of the last of them, `base + messages + j`.
    /// - `ns bigint[]`, `states int[]`, `ats bigint[]`: for each message its number, whether it was stored (0), was there before (1), or
    ///   another text was under its key (2), and the moment it was sent, of an earlier try where there was one.
    /// - `marks bigint[]`, `unread bigint[]`: for each read marker where it is now, and how many messages by others come after it. A
    ///   marker beyond the last message goes to the last message; one further ahead stays.
    ///
    /// Errors: those of `postbox.begin_write`.
    static let writeFunctions = """
        -- unnest() of a parameter is taken for 10 rows, and the parts of a batch would be joined by nested loops; this is taken for 300.
        -- VOLATILE, or it would be inlined. Only write() calls it, and so sets its search_path.
        CREATE FUNCTION postbox.drafts(tenant text[], key bigint[], sender text[], content text[], client_id text[], at bigint[])
        RETURNS TABLE (i bigint, tenant text, key bigint, sender text, content text, client_id text, at bigint)
        LANGUAGE sql VOLATILE ROWS 300 AS $$
            SELECT d.i, d.tenant, d.key, d.sender, d.content, d.client_id, d.at
            FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY AS d (tenant, key, sender, content, client_id, at, i)
        $$;

        CREATE FUNCTION postbox.write(
            p_epoch text, p_node bigint,
            s_tenant text[], s_key bigint[], s_sender text[], s_content text[], s_client_id text[], s_at bigint[],
            r_tenant text[], r_key bigint[], r_user text[], r_upto bigint[], payload bytea,
            out base bigint, out ns bigint[], out states int[], out ats bigint[], out marks bigint[], out unread bigint[])
        LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off
        AS $$
        #variable_conflict use_column
        DECLARE
            sends int := cardinality(s_key);
            has_copies boolean;
            stored_ns bigint[];
            moved_marks bigint[] := '{}';
            list_users text[];
            list_changes bigint[];
        BEGIN
            IF sends + cardinality(r_key) > 1023 THEN RAISE 'too many writes in one batch'; END IF;
            PERFORM postbox.begin_write(p_epoch, p_node);
            base := nextval('postbox.position');
            ns := '{}'; states := '{}'; ats := '{}'; marks := '{}'; unread := '{}';
            IF sends > 0 THEN
                WITH draft AS MATERIALIZED (
                    SELECT d.*, m.n IS NULL AS is_new, m.n AS old_n, m.sent_at_ms AS old_at, m.content = d.content AS same
                    FROM postbox.drafts(s_tenant, s_key, s_sender, s_content, s_client_id, s_at) d
                        LEFT JOIN LATERAL (
                            SELECT m.n, m.sent_at_ms, m.content FROM postbox.messages m
                            WHERE m.tenant_id = d.tenant AND m.conversation_key = d.key AND m.sender_id = d.sender
                                AND m.client_message_id = d.client_id AND m.client_message_id IS NOT NULL
                        ) m ON d.client_id IS NOT NULL
                ), fresh AS MATERIALIZED (
                    SELECT i, tenant, key, sender, content, client_id, at,
                        row_number() OVER (PARTITION BY tenant, key ORDER BY i) AS k,
                        row_number() OVER (PARTITION BY tenant, key, sender ORDER BY i) AS sk
                    FROM draft WHERE is_new -- a boolean is taken for half of the rows, IS NULL for none
                ), touched AS (
                    UPDATE postbox.conversations c
                    SET last_n = c.last_n + t.count, activity = base + t.last, change = base + t.last
                    FROM (SELECT tenant, key, count(*) AS count, max(i) AS last FROM fresh GROUP BY tenant, key) t
                    WHERE c.tenant_id = t.tenant AND c.key = t.key
                    RETURNING c.tenant_id, c.key, c.last_n - t.count AS before, c.activity_copies
                ), stored AS (
                    INSERT INTO postbox.messages
                        (tenant_id, conversation_key, n, sender_id, content, sent_at_ms, client_message_id, sender_n)
                    SELECT f.tenant, f.key, t.before + f.k, f.sender, f.content, f.at, f.client_id,
                        f.sk + coalesce((
                            SELECT m.sender_n FROM postbox.messages m
                            WHERE m.tenant_id = f.tenant AND m.conversation_key = f.key AND m.sender_id = f.sender
                            ORDER BY m.n DESC LIMIT 1), 0)
                    FROM fresh f JOIN touched t ON t.tenant_id = f.tenant AND t.key = f.key
                )
                SELECT array_agg(coalesce(d.old_n, t.before + f.k) ORDER BY d.i),
                    array_agg(CASE WHEN d.is_new THEN 0 WHEN d.same THEN 1 ELSE 2 END ORDER BY d.i),
                    array_agg(coalesce(d.old_at, d.at) ORDER BY d.i),
                    array_agg(CASE WHEN d.is_new THEN t.before + f.k ELSE 0 END ORDER BY d.i),
                    bool_or(t.activity_copies > 0)
                INTO ns, states, ats, stored_ns, has_copies
                FROM draft d LEFT JOIN fresh f ON f.i = d.i LEFT JOIN touched t ON t.tenant_id = f.tenant AND t.key = f.key;
                IF array_position(ns, NULL) IS NOT NULL THEN RAISE 'a message is for a conversation that does not exist'; END IF;
                IF has_copies THEN
                    UPDATE postbox.participants p SET list_activity = c.activity, list_change = c.activity
                    FROM (SELECT DISTINCT u.tenant, u.key FROM unnest(s_tenant, s_key) u (tenant, key)) t
                        JOIN postbox.conversations c ON c.tenant_id = t.tenant AND c.key = t.key
                    WHERE c.activity > base AND c.activity_copies > 0
                        AND p.tenant_id = c.tenant_id AND p.conversation_key = c.key AND p.list_activity > 0;
                END IF;
            END IF;
            IF cardinality(r_key) > 0 THEN
                SELECT r.marks, r.unread, r.moved_marks, r.list_users, r.list_changes
                INTO marks, unread, moved_marks, list_users, list_changes
                FROM postbox.move_marks(r_tenant, r_key, r_user, r_upto, base + sends) r;
            END IF;
            INSERT INTO postbox.feed (position, kind, ns, marks, list_users, list_changes, payload)
            VALUES (base, 'write', coalesce(stored_ns, '{}'), moved_marks, list_users, list_changes, payload);
        END $$;

        -- The read markers of a batch; marker j has the change number p_before + j.
        CREATE FUNCTION postbox.move_marks(
            r_tenant text[], r_key bigint[], r_user text[], r_upto bigint[], p_before bigint,
            out marks bigint[], out unread bigint[], out moved_marks bigint[], out list_users text[], out list_changes bigint[])
        LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off
        AS $$
        #variable_conflict use_column
        DECLARE
            large record;
            large_tenants text[];
            large_keys bigint[];
            large_changes bigint[];
        BEGIN
            WITH asked AS MATERIALIZED (
                SELECT r.i, r.tenant, r.key, r.reader, c.last_n, p.read_up_to AS old,
                    greatest(p.read_up_to, least(coalesce(r.upto, c.last_n), c.last_n)) AS new,
                    c.participant_count IS NOT NULL AS is_large, c.second_read_up_to AS second
                FROM unnest(r_tenant, r_key, r_user, r_upto) WITH ORDINALITY AS r (tenant, key, reader, upto, i)
                    JOIN postbox.conversations c ON c.tenant_id = r.tenant AND c.key = r.key
                    JOIN postbox.participants p ON p.tenant_id = r.tenant AND p.conversation_key = r.key AND p.user_id = r.reader
            ), reader AS MATERIALIZED (
                SELECT tenant, key, reader, max(new) AS new FROM asked WHERE new > old GROUP BY tenant, key, reader
            ), conversation AS MATERIALIZED (
                SELECT tenant, key, p_before + max(i) AS change, is_large, min(old) <= max(second) AS is_least
                FROM asked WHERE new > old GROUP BY tenant, key, is_large
            ), member AS MATERIALIZED (
                -- All markers of a conversation at once: an UPDATE takes only one of several rows that match.
                SELECT c.tenant, c.key, c.change, q.user_id, q.read_up_to AS old, coalesce(r.new, q.read_up_to) AS new
                FROM conversation c JOIN postbox.participants q ON q.tenant_id = c.tenant AND q.conversation_key = c.key
                    LEFT JOIN reader r ON r.tenant = c.tenant AND r.key = c.key AND r.reader = q.user_id
                WHERE NOT c.is_large
            ), least AS (
                SELECT tenant, key, (array_agg(old ORDER BY old))[1:2] AS o, (array_agg(new ORDER BY new))[1:2] AS w
                FROM member GROUP BY tenant, key
            ), moved AS (
                -- The readers, and everybody for whom the least marker of the others has moved.
                UPDATE postbox.participants p SET read_up_to = m.new, change = m.change,
                    list_change = CASE WHEN p.list_activity > 0 THEN m.change END
                FROM member m JOIN least l ON l.tenant = m.tenant AND l.key = m.key
                WHERE p.tenant_id = m.tenant AND p.conversation_key = m.key AND p.user_id = m.user_id
                    AND (m.new <> m.old OR
                        CASE WHEN m.old = l.o[1] THEN l.o[2] ELSE l.o[1] END
                        <> CASE WHEN m.new = l.w[1] THEN l.w[2] ELSE l.w[1] END)
                RETURNING m.user_id, m.change
            ), moved_large AS (
                -- Here only the readers; the others follow where the least markers have moved.
                UPDATE postbox.participants p SET read_up_to = r.new, change = c.change,
                    list_change = CASE WHEN p.list_activity > 0 THEN c.change END
                FROM reader r JOIN conversation c ON c.tenant = r.tenant AND c.key = r.key AND c.is_large
                WHERE p.tenant_id = r.tenant AND p.conversation_key = r.key AND p.user_id = r.reader
            ), pending AS (
                SELECT array_agg(tenant) AS tenants, array_agg(key) AS keys, array_agg(change) AS changes
                FROM conversation WHERE is_large AND is_least
            ), answer AS (
                SELECT array_agg(a.new ORDER BY a.i) AS marks,
                    array_agg(CASE WHEN a.new > a.old THEN a.new ELSE 0 END ORDER BY a.i) AS moved_marks, array_agg(CASE WHEN a.new >= a.last_n THEN 0 ELSE
                    a.last_n - a.new - coalesce((
                        SELECT m.sender_n FROM postbox.messages m
                        WHERE m.tenant_id = a.tenant AND m.conversation_key = a.key AND m.sender_id = a.reader
                        ORDER BY m.n DESC LIMIT 1) - (
                        SELECT m.sender_n FROM postbox.messages m
                        WHERE m.tenant_id = a.tenant AND m.conversation_key = a.key AND m.sender_id = a.reader AND m.n > a.new
                        ORDER BY m.n LIMIT 1) + 1, 0) END ORDER BY a.i) AS unread
                FROM asked a
            ), lists AS (
                -- Whose lists a large conversation changes is not known before its least markers are.
                SELECT CASE WHEN EXISTS (SELECT 1 FROM conversation c WHERE c.is_large) THEN NULL
                        ELSE coalesce(array_agg(m.user_id), '{}') END AS users,
                    CASE WHEN EXISTS (SELECT 1 FROM conversation c WHERE c.is_large) THEN NULL
                        ELSE coalesce(array_agg(m.change), '{}') END AS changes
                FROM moved m
            )
            SELECT a.marks, a.unread, a.moved_marks, l.users, l.changes, p.tenants, p.keys, p.changes
            INTO marks, unread, moved_marks, list_users, list_changes, large_tenants, large_keys, large_changes
            FROM answer a, pending p, lists l;
            IF cardinality(marks) IS DISTINCT FROM cardinality(r_key) THEN
                RAISE 'a read marker is of somebody who does not take part';
            END IF;
            IF large_keys IS NOT NULL THEN
                FOR large IN SELECT u.tenant, u.key, u.change FROM unnest(large_tenants, large_keys, large_changes) u (tenant, key, change)
                LOOP
                    PERFORM postbox.update_least_marks(large.tenant, large.key, large.change);
                END LOOP;
            END IF;
        END $$;
        """
}
