extension Schema {
    /// `postbox.open(…)`: opens a conversation, or finds the one that is meant. Under the lock of all writes, so there is no race to
    /// lose.
    ///
    /// Parameters: `p_epoch text`, `p_writer bigint`, `p_tenant text`, `p_id text`, `p_users text[]` (each once, ordered by their bytes),
    /// `p_direct boolean` (whether it is the direct one of its two people), `p_at bigint` (milliseconds), `payload bytea` for the feed.
    /// Then, for tests, the bounds of long lists: `p_short_list int = 256`, `p_most_copies int = 32`, `p_lists_checked int = 32`.
    ///
    /// Columns of the one row: `base bigint` (NULL where nothing was opened): the conversation's change number and its activity;
    /// `key bigint`, `id text`: the conversation that was opened or found; `state int`: 0 opened, 1 was there, 2 the id belongs to a
    /// conversation with other people.
    ///
    /// Errors: those of `postbox.begin_write`.
    static let openFunction = """
        CREATE FUNCTION postbox.open(
            p_epoch text, p_writer bigint, p_tenant text, p_id text, p_users text[], p_direct boolean, p_at bigint, payload bytea,
            p_short_list int DEFAULT 256, p_most_copies int DEFAULT 32, p_lists_checked int DEFAULT 32,
            out base bigint, out key bigint, out id text, out state int)
        LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
        #variable_conflict use_column
        DECLARE
            places bigint[];
            is_large boolean := cardinality(p_users) > 20;
        BEGIN
            PERFORM postbox.begin_write(p_epoch, p_writer);
            IF p_direct THEN
                SELECT c.key, c.id, 1 INTO open.key, open.id, open.state FROM postbox.conversations c
                WHERE c.tenant_id = p_tenant AND c.direct_low = p_users[1] AND c.direct_high = p_users[2];
                IF FOUND THEN RETURN; END IF;
            END IF;
            SELECT c.key, c.id INTO open.key, open.id FROM postbox.conversations c WHERE c.tenant_id = p_tenant AND c.id = p_id;
            IF FOUND THEN
                state := CASE WHEN ARRAY(SELECT p.user_id FROM postbox.participants p
                    WHERE p.tenant_id = p_tenant AND p.conversation_key = open.key ORDER BY p.user_id) = p_users THEN 1 ELSE 2 END;
                RETURN;
            END IF;
            base := nextval('postbox.position');
            PERFORM postbox.lengthen_one_list(p_tenant, p_users, base, p_short_list, p_most_copies, p_lists_checked);
            -- NULL in a short list, 0 where the conversation has the most copies already.
            places := ARRAY(
                SELECT CASE WHEN l.is_long AND l.rank <= p_most_copies THEN base WHEN l.is_long THEN 0 END FROM (
                    SELECT u.i, u.is_long, count(*) FILTER (WHERE u.is_long) OVER (ORDER BY u.i) AS rank FROM (
                        SELECT u.i, postbox.is_long_list(p_tenant, u.id) AS is_long
                        FROM unnest(p_users) WITH ORDINALITY u (id, i)) u) l ORDER BY l.i);
            INSERT INTO postbox.conversations (tenant_id, id, direct_low, direct_high, opened_at_ms, last_n, activity, change,
                activity_copies, participant_count, least_read_up_to, second_read_up_to)
            VALUES (p_tenant, p_id, CASE WHEN p_direct THEN p_users[1] END, CASE WHEN p_direct THEN p_users[2] END, p_at, 0, base, base,
                (SELECT count(*) FROM unnest(places) p WHERE p > 0), CASE WHEN is_large THEN cardinality(p_users) END,
                CASE WHEN is_large THEN 0 END, CASE WHEN is_large THEN 0 END)
            RETURNING conversations.key, conversations.id, 0 INTO open.key, open.id, open.state;
            INSERT INTO postbox.participants (tenant_id, conversation_key, user_id, read_up_to, change, list_activity, list_change)
            SELECT p_tenant, open.key, u.id, 0, 0, u.place, nullif(u.place, 0) FROM unnest(p_users, places) u (id, place);
            INSERT INTO postbox.feed (position, kind, ns, marks, payload) VALUES (base, 'open', ARRAY[open.key], '{}', payload);
        END $$;

        -- Lengthens one of these users' lists where one is too long for a short one. It changes a row for each conversation in the list, so
        -- it takes one list at a time, and the others wait for later openings. It checks only some lists; the change number says where
        -- it begins.
        CREATE FUNCTION postbox.lengthen_one_list(
            p_tenant text, p_users text[], p_change bigint, p_short_list int, p_most_copies int, p_lists_checked int)
        RETURNS void LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
        DECLARE
            many int := cardinality(p_users);
            start int := mod(abs(hashint8(p_change)::bigint), many);
            checked text;
        BEGIN
            FOR i IN 0..least(many, p_lists_checked) - 1 LOOP
                checked := p_users[1 + mod(start + i, many)];
                IF EXISTS (SELECT 1 FROM postbox.participants p
                        WHERE p.tenant_id = p_tenant AND p.user_id = checked ORDER BY p.conversation_key OFFSET p_short_list - 1 LIMIT 1)
                    AND NOT postbox.is_long_list(p_tenant, checked)
                THEN
                    PERFORM postbox.lengthen_list(p_tenant, checked, p_most_copies);
                    RETURN;
                END IF;
            END LOOP;
        END $$;
        """
}
