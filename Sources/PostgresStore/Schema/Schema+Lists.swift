extension Schema {
    /// The conversations of a user, those whose `list_activity` meets a condition; each is looked up by its key.
    private static func rows(_ condition: String = "") -> String {
        """
        FROM (SELECT p.conversation_key, p.change FROM postbox.participants p
                    WHERE p.tenant_id = p_tenant AND p.user_id = p_user\(condition) OFFSET 0) p
                CROSS JOIN LATERAL (SELECT c.key, c.activity, c.change FROM postbox.conversations c
                    WHERE c.tenant_id = p_tenant AND c.key = p.conversation_key OFFSET 0) c
        """
    }

    /// The whole of a short list.
    private static let mine = """
        WITH mine AS MATERIALIZED (
                SELECT c.key, c.activity, greatest(c.change, p.change) AS change
                \(rows()))
        """

    private static let latestOfLong = """
        greatest(
                (SELECT p.list_change FROM postbox.participants p
                    WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_change IS NOT NULL
                    ORDER BY p.list_change DESC LIMIT 1),
                (SELECT max(greatest(c.change, p.change))
                    \(rows(" AND p.list_activity = 0"))), 0)
        """

    /// Functions that read lists; ``ListQuery`` says what they take and return.
    ///
    /// A short list is read whole. A page of a long one is read from the indexes over the copies in the participants' rows; only
    /// conversations that have too many copies are read whole.
    static let listFunctions = """
        CREATE FUNCTION postbox.latest_change(p_tenant text, p_user text) RETURNS bigint
        \(reading) AS $$
        BEGIN
            IF postbox.is_long_list(p_tenant, p_user) THEN
                RETURN \(latestOfLong);
            END IF;
            RETURN (\(mine) SELECT coalesce(max(m.change), 0) FROM mine m);
        END $$;

        CREATE FUNCTION postbox.select_before(
            p_tenant text, p_user text, p_before bigint, p_limit bigint, out latest bigint, out keys bigint[])
        \(reading) AS $$
        BEGIN
            IF NOT postbox.is_long_list(p_tenant, p_user) THEN
                \(mine)
                SELECT coalesce((SELECT max(m.change) FROM mine m), 0),
                    ARRAY(SELECT m.key FROM mine m WHERE m.activity < p_before ORDER BY m.activity DESC LIMIT p_limit)
                INTO latest, keys;
                RETURN;
            END IF;
            latest := \(latestOfLong);
            keys := ARRAY(SELECT x.key FROM (
                (SELECT p.conversation_key AS key, p.list_activity AS activity FROM postbox.participants p
                    WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_activity > 0 AND p.list_activity < p_before
                    ORDER BY p.list_activity DESC LIMIT p_limit)
                UNION ALL SELECT c.key, c.activity
                \(rows(" AND p.list_activity = 0")) WHERE c.activity < p_before
                ) x ORDER BY x.activity DESC LIMIT p_limit);
        END $$;

        CREATE FUNCTION postbox.select_since(
            p_tenant text, p_user text, p_since bigint, p_limit bigint, out latest bigint, out keys bigint[])
        \(reading) AS $$
        BEGIN
            IF NOT postbox.is_long_list(p_tenant, p_user) THEN
                \(mine)
                SELECT coalesce((SELECT max(m.change) FROM mine m), 0),
                    ARRAY(SELECT m.key FROM mine m WHERE m.change > p_since ORDER BY m.change LIMIT p_limit)
                INTO latest, keys;
                RETURN;
            END IF;
            latest := \(latestOfLong);
            keys := ARRAY(SELECT x.key FROM (
                (SELECT p.conversation_key AS key, p.list_change AS change FROM postbox.participants p
                    WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_change > p_since
                    ORDER BY p.list_change LIMIT p_limit)
                UNION ALL SELECT c.key, greatest(c.change, p.change)
                \(rows(" AND p.list_activity = 0")) WHERE greatest(c.change, p.change) > p_since
                ) x ORDER BY x.change LIMIT p_limit);
        END $$;

        CREATE FUNCTION postbox.list_entries(p_tenant text, p_user text, p_keys bigint[], p_everybody boolean)
        RETURNS TABLE (key bigint, id text, opened_at_ms bigint, last_n bigint, activity bigint, change bigint, shared_change bigint,
            pruned_up_to bigint, unread bigint, participant_count int, least_read_up_to bigint, second_read_up_to bigint,
            members text[], marks bigint[], names text[], companies text[], revision bigint)
        \(reading) AS $$
        #variable_conflict use_column
        BEGIN
            RETURN QUERY SELECT e.key, e.id, e.opened_at_ms, e.last_n, e.activity, e.latest, e.change, e.pruned_up_to,
                -- NULL where the caller has written nothing after the marker.
                CASE WHEN e.read_up_to >= e.last_n THEN 0 ELSE e.last_n - e.read_up_to - coalesce((
                    SELECT m.sender_n FROM postbox.messages m
                    WHERE m.tenant_id = p_tenant AND m.conversation_key = e.key AND m.sender_id = p_user
                    ORDER BY m.n DESC LIMIT 1) - (
                    SELECT m.sender_n FROM postbox.messages m
                    WHERE m.tenant_id = p_tenant AND m.conversation_key = e.key AND m.sender_id = p_user AND m.n > e.read_up_to
                    ORDER BY m.n LIMIT 1) + 1, 0) END,
                e.participant_count, e.least_read_up_to, e.second_read_up_to, q.members, q.marks, q.names, q.companies, e.revision
            FROM (
                SELECT k.i, c.*, p.read_up_to, greatest(c.change, p.change) AS latest,
                    c.participant_count IS NOT NULL AND NOT p_everybody AS is_cut
                FROM unnest(p_keys) WITH ORDINALITY k (key, i)
                    CROSS JOIN LATERAL (SELECT * FROM postbox.conversations c
                        WHERE c.tenant_id = p_tenant AND c.key = k.key OFFSET 0) c
                    CROSS JOIN LATERAL (SELECT p.read_up_to, p.change FROM postbox.participants p
                        WHERE p.tenant_id = p_tenant AND p.conversation_key = k.key AND p.user_id = p_user OFFSET 0) p) e
                CROSS JOIN LATERAL (
                    -- Ordered below and only gathered here: an ORDER BY in each array_agg would sort once for each.
                    SELECT array_agg(p.user_id) AS members, array_agg(p.read_up_to) AS marks, array_agg(p.name) AS names,
                        array_agg(p.company) AS companies
                    FROM (
                        SELECT s.user_id, s.read_up_to,
                            CASE WHEN e.key > u.renamed_up_to THEN u.former_name ELSE u.name END AS name,
                            CASE WHEN e.key > u.renamed_up_to THEN u.former_company ELSE u.company END AS company
                        FROM (
                            -- Of a large conversation the caller, and the first of the others.
                            (SELECT p.user_id, p.read_up_to FROM postbox.participants p
                                WHERE p.tenant_id = p_tenant AND p.conversation_key = e.key AND (NOT e.is_cut OR p.user_id <> p_user)
                                ORDER BY p.user_id LIMIT CASE WHEN e.is_cut THEN 19 END)
                            UNION ALL SELECT p_user, e.read_up_to WHERE e.is_cut) s
                            LEFT JOIN postbox.users u ON u.tenant_id = p_tenant AND u.id = s.user_id
                        ORDER BY s.user_id COLLATE "C") p) q
            ORDER BY e.i;
        END $$;
        """
}
