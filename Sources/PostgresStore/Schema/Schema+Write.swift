extension Schema {
    /// The settings of functions that change many rows by their keys: for each one look-up by an index, whatever the planner knows.
    static let byIndex = """
        SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off
                SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
        """

    /// The setting of functions that look up a message by its key, with `BETWEEN`, `ORDER BY` and `LIMIT 1`: only the index of keys has them in
    /// that order. The planner takes an equal key to be as rare as an equal sender, and read all messages of that sender by the other index:
    /// 100 for each send, where a pair had 700.
    static let inKeyOrder = "SET enable_sort = off"

    /// `postbox.write(…)`: one batch of messages and read markers in one transaction, as sets.
    ///
    /// The caller has checked that every sender and reader takes part, and puts at most one draft with the same conversation, sender and
    /// key into a batch. At most 1023 writes.
    ///
    /// Parameters: `p_epoch text`, `p_writer bigint`; the messages `s_tenant text[]`, `s_key bigint[]` (conversations), `s_sender text[]`,
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
    ///
    /// The tables are joined by `LATERAL` with `OFFSET 0`, which the planner keeps as they are, or with ``byIndex``: for each row of a
    /// batch one look-up by an index. Left to itself it joins by reading a whole index where it knows too little about a table, as in the
    /// first minutes of a database, and that took a thousand times as long. For the same reason earlier tries are looked up as a range of one
    /// value, in order, and sorting is off (``inKeyOrder``).
    static let writeFunctions = """
        CREATE OR REPLACE FUNCTION postbox.write(
            p_epoch text, p_writer bigint,
            s_tenant text[], s_key bigint[], s_sender text[], s_content text[], s_client_id text[], s_at bigint[],
            r_tenant text[], r_key bigint[], r_user text[], r_upto bigint[], payload bytea,
            out base bigint, out ns bigint[], out states int[], out ats bigint[], out marks bigint[], out unread bigint[])
        LANGUAGE plpgsql VOLATILE \(byIndex) \(inKeyOrder)
        AS $$
        #variable_conflict use_column
        DECLARE
            sends int := cardinality(s_key);
            -- For each message: the number, time and sameness of an earlier try, NULL where there is none; the how-many-th new one it is in
            -- its conversation, and how many new ones there are; and the how-many-th of its sender.
            old_ns bigint[];
            old_ats bigint[];
            sames boolean[];
            places bigint[];
            totals bigint[];
            sender_places bigint[];
            has_copies boolean;
            stored_ns bigint[];
            moved_marks bigint[] := '{}';
            list_users text[];
            list_changes bigint[];
        BEGIN
            IF sends + cardinality(r_key) > 1023 THEN RAISE 'too many writes in one batch'; END IF;
            PERFORM postbox.begin_write(p_epoch, p_writer);
            base := nextval('postbox.position');
            ns := '{}'; states := '{}'; ats := '{}'; marks := '{}'; unread := '{}';
            IF sends > 0 THEN
                SELECT array_agg(x.n), array_agg(x.sent_at_ms), array_agg(x.same), array_agg(x.place), array_agg(x.total),
                    array_agg(x.sender_place)
                INTO old_ns, old_ats, sames, places, totals, sender_places
                FROM (
                    SELECT m.n, m.sent_at_ms, m.content = d.content AS same,
                        count(*) FILTER (WHERE m.n IS NULL) OVER (PARTITION BY d.tenant, d.key ORDER BY d.i) AS place,
                        count(*) FILTER (WHERE m.n IS NULL) OVER (PARTITION BY d.tenant, d.key) AS total,
                        count(*) FILTER (WHERE m.n IS NULL) OVER (PARTITION BY d.tenant, d.key, d.sender ORDER BY d.i) AS sender_place
                    FROM unnest(s_tenant, s_key, s_sender, s_content, s_client_id)
                        WITH ORDINALITY d (tenant, key, sender, content, client_id, i)
                        LEFT JOIN LATERAL (
                            SELECT m.n, m.sent_at_ms, m.content FROM postbox.messages m
                            WHERE m.tenant_id = d.tenant AND m.conversation_key = d.key AND m.sender_id = d.sender
                                AND m.client_message_id BETWEEN d.client_id AND d.client_id
                                AND m.client_message_id IS NOT NULL
                            ORDER BY m.client_message_id LIMIT 1
                        ) m ON true
                    ORDER BY d.i) x;
                WITH touched AS (
                    UPDATE postbox.conversations c
                    SET last_n = c.last_n + t.count, activity = base + t.last, change = base + t.last
                    FROM (SELECT d.tenant, d.key, count(*) AS count, max(d.i) AS last
                        FROM unnest(s_tenant, s_key, old_ns) WITH ORDINALITY d (tenant, key, old_n, i)
                        WHERE d.old_n IS NULL GROUP BY d.tenant, d.key) t
                    WHERE c.tenant_id = t.tenant AND c.key = t.key
                    RETURNING c.activity_copies
                )
                SELECT bool_or(t.activity_copies > 0) INTO has_copies FROM touched t;
                WITH draft AS MATERIALIZED (
                    SELECT d.*, coalesce(d.old_n, c.last_n - d.total + d.place) AS n
                    FROM unnest(s_tenant, s_key, s_sender, s_content, s_client_id, s_at, old_ns, places, totals, sender_places)
                        WITH ORDINALITY d (tenant, key, sender, content, client_id, at, old_n, place, total, sender_place, i)
                        LEFT JOIN LATERAL (
                            SELECT c.last_n FROM postbox.conversations c
                            WHERE c.tenant_id = d.tenant AND c.key = d.key OFFSET 0) c ON true
                ), stored AS (
                    -- A conversation that is not there has no last_n, so that this fails.
                    INSERT INTO postbox.messages
                        (tenant_id, conversation_key, n, sender_id, content, sent_at_ms, client_message_id, sender_n)
                    SELECT d.tenant, d.key, d.n, d.sender, d.content, d.at, d.client_id,
                        d.sender_place + coalesce((
                            SELECT m.sender_n FROM postbox.messages m
                            WHERE m.tenant_id = d.tenant AND m.conversation_key = d.key AND m.sender_id = d.sender
                            ORDER BY m.n DESC LIMIT 1), 0)
                    FROM draft d WHERE d.old_n IS NULL
                )
                SELECT array_agg(x.n), array_agg(x.state), array_agg(x.at), array_agg(x.stored_n) INTO ns, states, ats, stored_ns
                FROM (
                    SELECT d.n, CASE WHEN o.n IS NULL THEN 0 WHEN o.same THEN 1 ELSE 2 END AS state, coalesce(o.at, d.at) AS at,
                        CASE WHEN o.n IS NULL THEN d.n ELSE 0 END AS stored_n
                    FROM (SELECT d.n, d.at, d.i FROM draft d ORDER BY d.i) d, LATERAL (
                        SELECT old_ns[d.i] AS n, old_ats[d.i] AS at, sames[d.i] AS same) o) x;
                IF has_copies THEN
                    -- coalesce(), or an index over the places of whole lists would seem to fit.
                    UPDATE postbox.participants p SET list_activity = c.activity, list_change = c.activity
                    FROM (SELECT DISTINCT u.tenant, u.key FROM unnest(s_tenant, s_key) u (tenant, key)) t
                        JOIN postbox.conversations c ON c.tenant_id = t.tenant AND c.key = t.key
                    WHERE c.activity > base AND c.activity_copies > 0
                        AND p.tenant_id = c.tenant_id AND p.conversation_key = c.key AND coalesce(p.list_activity, 0) > 0;
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
        CREATE OR REPLACE FUNCTION postbox.move_marks(
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
            changed_tenants text[];
            changed_keys bigint[];
            changed_users text[];
            changed_marks bigint[];
            changed_changes bigint[];
            has_large boolean;
        BEGIN
            WITH asked AS MATERIALIZED (
                SELECT r.i, r.tenant, r.key, r.reader, c.last_n, p.read_up_to AS old,
                    greatest(p.read_up_to, least(coalesce(r.upto, c.last_n), c.last_n)) AS new,
                    c.participant_count IS NOT NULL AS is_large, c.second_read_up_to AS second
                FROM unnest(r_tenant, r_key, r_user, r_upto) WITH ORDINALITY AS r (tenant, key, reader, upto, i)
                    CROSS JOIN LATERAL (
                        SELECT c.last_n, c.participant_count, c.second_read_up_to FROM postbox.conversations c
                        WHERE c.tenant_id = r.tenant AND c.key = r.key OFFSET 0) c
                    CROSS JOIN LATERAL (
                        SELECT p.read_up_to FROM postbox.participants p
                        WHERE p.tenant_id = r.tenant AND p.conversation_key = r.key AND p.user_id = r.reader OFFSET 0) p
            ), reader AS MATERIALIZED (
                SELECT tenant, key, reader, max(new) AS new FROM asked WHERE new > old GROUP BY tenant, key, reader
            ), conversation AS MATERIALIZED (
                SELECT tenant, key, p_before + max(i) AS change, is_large, min(old) <= max(second) AS is_least
                FROM asked WHERE new > old GROUP BY tenant, key, is_large
            ), member AS MATERIALIZED (
                -- All markers of a conversation at once: an UPDATE takes only one of several rows that match.
                SELECT c.tenant, c.key, c.change, q.user_id, q.read_up_to AS old, coalesce(r.new, q.read_up_to) AS new
                FROM conversation c
                    CROSS JOIN LATERAL (
                        SELECT q.user_id, q.read_up_to FROM postbox.participants q
                        WHERE q.tenant_id = c.tenant AND q.conversation_key = c.key OFFSET 0) q
                    LEFT JOIN reader r ON r.tenant = c.tenant AND r.key = c.key AND r.reader = q.user_id
                WHERE NOT c.is_large
            ), least AS (
                SELECT tenant, key, (array_agg(old ORDER BY old))[1:2] AS o, (array_agg(new ORDER BY new))[1:2] AS w
                FROM member GROUP BY tenant, key
            ), moved AS (
                -- The readers, and everybody for whom the least marker of the others has moved.
                SELECT m.tenant, m.key, m.user_id, m.new, m.change
                FROM member m JOIN least l ON l.tenant = m.tenant AND l.key = m.key
                WHERE m.new <> m.old OR
                    CASE WHEN m.old = l.o[1] THEN l.o[2] ELSE l.o[1] END
                    <> CASE WHEN m.new = l.w[1] THEN l.w[2] ELSE l.w[1] END
                -- In a large conversation only the readers; the others follow where the least markers have moved.
                UNION ALL SELECT r.tenant, r.key, r.reader, r.new, c.change
                FROM reader r JOIN conversation c ON c.tenant = r.tenant AND c.key = r.key AND c.is_large
            ), changed AS (
                SELECT array_agg(m.tenant) AS tenants, array_agg(m.key) AS keys, array_agg(m.user_id) AS users,
                    array_agg(m.new) AS marks, array_agg(m.change) AS changes
                FROM moved m
            ), pending AS (
                SELECT array_agg(tenant) AS tenants, array_agg(key) AS keys, array_agg(change) AS changes
                FROM conversation WHERE is_large AND is_least
            ), answer AS (
                SELECT array_agg(a.new ORDER BY a.i) AS marks,
                    array_agg(CASE WHEN a.new > a.old THEN a.new ELSE 0 END ORDER BY a.i) AS moved_marks,
                    array_agg(CASE WHEN a.new >= a.last_n THEN 0 ELSE
                    a.last_n - a.new - coalesce((
                        SELECT m.sender_n FROM postbox.messages m
                        WHERE m.tenant_id = a.tenant AND m.conversation_key = a.key AND m.sender_id = a.reader
                        ORDER BY m.n DESC LIMIT 1) - (
                        SELECT m.sender_n FROM postbox.messages m
                        WHERE m.tenant_id = a.tenant AND m.conversation_key = a.key AND m.sender_id = a.reader AND m.n > a.new
                        ORDER BY m.n LIMIT 1) + 1, 0) END ORDER BY a.i) AS unread
                FROM asked a
            )
            SELECT a.marks, a.unread, a.moved_marks, l.found, p.tenants, p.keys, p.changes,
                c.tenants, c.keys, c.users, c.marks, c.changes
            INTO marks, unread, moved_marks, has_large, large_tenants, large_keys, large_changes,
                changed_tenants, changed_keys, changed_users, changed_marks, changed_changes
            FROM answer a, pending p, changed c, (SELECT EXISTS (SELECT 1 FROM conversation c WHERE c.is_large) AS found) l;
            IF cardinality(marks) IS DISTINCT FROM cardinality(r_key) THEN
                RAISE 'a read marker is of a user who does not take part';
            END IF;
            IF NOT has_large THEN
                -- Whose lists a large conversation changes is not known before its least markers are.
                list_users := coalesce(changed_users, '{}');
                list_changes := coalesce(changed_changes, '{}');
            END IF;
            IF changed_keys IS NULL THEN RETURN; END IF;
            PERFORM postbox.set_marks(changed_tenants, changed_keys, changed_users, changed_marks, changed_changes);
            IF large_keys IS NOT NULL THEN
                FOR large IN SELECT u.tenant, u.key, u.change FROM unnest(large_tenants, large_keys, large_changes) u (tenant, key, change)
                LOOP
                    PERFORM postbox.update_least_marks(large.tenant, large.key, large.change);
                END LOOP;
            END IF;
        END $$;

        CREATE OR REPLACE FUNCTION postbox.set_marks(
            p_tenants text[], p_keys bigint[], p_users text[], p_marks bigint[], p_changes bigint[]) RETURNS void
        LANGUAGE plpgsql VOLATILE \(byIndex)
        AS $$
        BEGIN
            UPDATE postbox.participants p SET read_up_to = u.mark, change = u.change,
                list_change = CASE WHEN p.list_activity > 0 THEN u.change END
            FROM unnest(p_tenants, p_keys, p_users, p_marks, p_changes) u (tenant, key, id, mark, change)
            WHERE p.tenant_id = u.tenant AND p.conversation_key = u.key AND p.user_id = u.id;
        END $$;
        """
}
