extension Schema {
    /// Functions about the order of lists that are too long to be read whole for each page.
    ///
    /// Keeping the order of every list would change a row and two index entries for each participant with each message. So the store
    /// keeps it only for long lists, and for at most `p_most_copies` of them in one conversation; conversations beyond that are read
    /// whole.
    ///
    /// - `postbox.is_long_list(p_tenant text, p_user text) → boolean`: whether the order of this list is kept.
    /// - `postbox.lengthen_list(p_tenant text, p_user text, p_most_copies int)`: begins to keep it.
    /// - `postbox.lengthen_lists(p_short_list int, p_most_copies int)`: does so for every list with more than `p_short_list`
    ///   conversations; reads all participants.
    /// - `postbox.complete_lists(p_tenants text[], p_keys bigint[], p_most_copies int)`: gives these conversations their places in the
    ///   long lists among those of their participants, where they have none.
    static let longListFunctions = """
        CREATE FUNCTION postbox.is_long_list(p_tenant text, p_user text) RETURNS boolean LANGUAGE plpgsql STABLE
        SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
        BEGIN
            RETURN EXISTS (SELECT 1 FROM postbox.participants p
                WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_activity IS NOT NULL);
        END $$;

        CREATE FUNCTION postbox.lengthen_list(p_tenant text, p_user text, p_most_copies int) RETURNS void LANGUAGE plpgsql VOLATILE
        \(byIndex) AS $$
        BEGIN
            UPDATE postbox.participants p
                SET list_activity = CASE WHEN l.activity_copies < p_most_copies THEN l.activity ELSE 0 END,
                    list_change = CASE WHEN l.activity_copies < p_most_copies THEN greatest(l.change, p.change) END
                FROM (SELECT q.tenant_id, q.user_id, q.conversation_key, c.activity, c.change, c.activity_copies
                    FROM postbox.participants q CROSS JOIN LATERAL (
                        SELECT c.activity, c.change, c.activity_copies FROM postbox.conversations c
                        WHERE c.tenant_id = q.tenant_id AND c.key = q.conversation_key OFFSET 0) c
                    WHERE q.tenant_id = p_tenant AND q.user_id = p_user OFFSET 0) l
                WHERE p.tenant_id = l.tenant_id AND p.conversation_key = l.conversation_key AND p.user_id = l.user_id;
            UPDATE postbox.conversations c SET activity_copies = c.activity_copies + 1
                FROM (SELECT p.tenant_id, p.conversation_key FROM postbox.participants p
                    WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_activity > 0 OFFSET 0) l
                WHERE c.tenant_id = l.tenant_id AND c.key = l.conversation_key;
        END $$;

        CREATE FUNCTION postbox.lengthen_lists(p_short_list int DEFAULT 256, p_most_copies int DEFAULT 32) RETURNS void
        LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
        DECLARE
            list record;
        BEGIN
            FOR list IN SELECT p.tenant_id, p.user_id FROM postbox.participants p
                GROUP BY p.tenant_id, p.user_id HAVING count(*) > p_short_list AND count(p.list_activity) = 0
                ORDER BY p.tenant_id, p.user_id
            LOOP
                PERFORM postbox.lengthen_list(list.tenant_id, list.user_id, p_most_copies);
            END LOOP;
        END $$;

        CREATE FUNCTION postbox.complete_lists(p_tenants text[], p_keys bigint[], p_most_copies int) RETURNS void
        LANGUAGE plpgsql VOLATILE
        \(byIndex) AS $$
        BEGIN
            WITH missing AS MATERIALIZED (
                SELECT p.tenant_id, p.conversation_key, p.user_id, c.activity, greatest(c.change, p.change) AS change,
                    c.activity_copies + row_number() OVER (
                        PARTITION BY p.tenant_id, p.conversation_key ORDER BY p.user_id) <= p_most_copies AS is_copy
                FROM unnest(p_tenants, p_keys) k (tenant, key)
                    JOIN postbox.conversations c ON c.tenant_id = k.tenant AND c.key = k.key
                    JOIN postbox.participants p ON p.tenant_id = k.tenant AND p.conversation_key = k.key
                WHERE p.list_activity IS NULL AND postbox.is_long_list(p.tenant_id, p.user_id)
            ), completed AS (
                UPDATE postbox.participants p SET list_activity = CASE WHEN m.is_copy THEN m.activity ELSE 0 END,
                    list_change = CASE WHEN m.is_copy THEN m.change END
                FROM missing m
                WHERE p.tenant_id = m.tenant_id AND p.conversation_key = m.conversation_key AND p.user_id = m.user_id
            )
            UPDATE postbox.conversations c SET activity_copies = c.activity_copies + m.copies
            FROM (SELECT m.tenant_id, m.conversation_key, count(*) AS copies FROM missing m WHERE m.is_copy
                GROUP BY m.tenant_id, m.conversation_key) m
            WHERE c.tenant_id = m.tenant_id AND c.key = m.conversation_key;
        END $$;
        """
}
