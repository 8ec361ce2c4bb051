extension Schema {
    /// Functions that take data away; the caller is in a transaction that `postbox.begin_write(…)` began, and begins a new epoch where
    /// anything has changed.
    ///
    /// - `postbox.prune(p_tenant text, p_keys bigint[], p_before_ms bigint, out removed bigint, out emptied bigint)`: takes away the
    ///   messages of these conversations that were sent before a moment. Numbers have no gaps: what is old goes from the beginning up to
    ///   the first message that is not old; one that stands behind that loses its content instead.
    /// - `postbox.erase(p_tenant text, p_user text, out is_known boolean, out is_change boolean, out messages bigint)`: removes the name and
    ///   company of a user, and the content of their messages.
    /// - `postbox.end_removal(p_epoch text)`: begins the new epoch, and empties the feed, which has the contents of the latest messages.
    static let removalFunctions = """
        CREATE FUNCTION postbox.prune(
            p_tenant text, p_keys bigint[], p_before_ms bigint, out removed bigint, out emptied bigint)
        LANGUAGE plpgsql VOLATILE
        \(byIndex) AS $$
        DECLARE
            pruned_key bigint;
            last bigint;
            gone bigint;
            empty bigint;
        BEGIN
            removed := 0; emptied := 0;
            FOREACH pruned_key IN ARRAY p_keys LOOP
                last := (SELECT coalesce((SELECT m.n - 1 FROM postbox.messages m
                        WHERE m.tenant_id = p_tenant AND m.conversation_key = pruned_key AND m.sent_at_ms >= p_before_ms
                        ORDER BY m.n LIMIT 1), c.last_n)
                    FROM postbox.conversations c WHERE c.tenant_id = p_tenant AND c.key = pruned_key);
                DELETE FROM postbox.messages m
                    WHERE m.tenant_id = p_tenant AND m.conversation_key = pruned_key AND m.n <= last;
                GET DIAGNOSTICS gone = ROW_COUNT;
                IF gone > 0 THEN
                    UPDATE postbox.conversations c SET pruned_up_to = last WHERE c.tenant_id = p_tenant AND c.key = pruned_key;
                    -- Pruned messages count as read.
                    UPDATE postbox.participants p SET read_up_to = last
                        WHERE p.tenant_id = p_tenant AND p.conversation_key = pruned_key AND p.read_up_to < last;
                    PERFORM postbox.set_least_marks(p_tenant, ARRAY[pruned_key]);
                END IF;
                UPDATE postbox.messages m SET content = ''
                    WHERE m.tenant_id = p_tenant AND m.conversation_key = pruned_key AND m.sent_at_ms < p_before_ms AND m.content <> '';
                GET DIAGNOSTICS empty = ROW_COUNT;
                IF gone + empty > 0 THEN
                    -- The latest moment stays. Where one is missing because an earlier version pruned, only a prune that removed messages
                    -- which that one had left is later for certain.
                    UPDATE postbox.conversations c SET pruned_before_ms = greatest(c.pruned_before_ms, p_before_ms)
                        WHERE c.tenant_id = p_tenant AND c.key = pruned_key
                            AND (gone > 0 OR c.pruned_up_to = 0 OR c.pruned_before_ms IS NOT NULL);
                END IF;
                removed := removed + gone;
                emptied := emptied + empty;
            END LOOP;
        END $$;

        -- The two least read markers of these conversations, where they are kept.
        CREATE FUNCTION postbox.set_least_marks(p_tenant text, p_keys bigint[]) RETURNS void LANGUAGE plpgsql VOLATILE
        \(byIndex) AS $$
        BEGIN
            UPDATE postbox.conversations c SET least_read_up_to = l.marks[1], second_read_up_to = l.marks[2]
            FROM (SELECT p_tenant AS tenant, k.key, ARRAY(SELECT p.read_up_to FROM postbox.participants p
                    WHERE p.tenant_id = p_tenant AND p.conversation_key = k.key ORDER BY p.read_up_to LIMIT 2) AS marks
                FROM unnest(p_keys) k (key) OFFSET 0) l
            WHERE c.tenant_id = l.tenant AND c.key = l.key AND c.participant_count IS NOT NULL;
        END $$;

        CREATE FUNCTION postbox.erase(
            p_tenant text, p_user text, out is_known boolean, out is_change boolean, out messages bigint)
        LANGUAGE plpgsql VOLATILE
        \(byIndex) AS $$
        BEGIN
            DELETE FROM postbox.users u WHERE u.tenant_id = p_tenant AND u.id = p_user;
            is_change := FOUND;
            is_known := is_change
                OR EXISTS (SELECT 1 FROM postbox.participants p WHERE p.tenant_id = p_tenant AND p.user_id = p_user);
            UPDATE postbox.messages m SET content = ''
            FROM (SELECT p.tenant_id, p.conversation_key, p.user_id FROM postbox.participants p
                WHERE p.tenant_id = p_tenant AND p.user_id = p_user OFFSET 0) k
            WHERE m.tenant_id = k.tenant_id AND m.conversation_key = k.conversation_key AND m.sender_id = k.user_id
                AND m.content <> '';
            GET DIAGNOSTICS messages = ROW_COUNT;
            is_change := is_change OR messages > 0;
        END $$;

        CREATE FUNCTION postbox.end_removal(p_epoch text) RETURNS void LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET jit = off AS $$
        BEGIN
            PERFORM postbox.begin_epoch(p_epoch);
            UPDATE postbox.store s SET feed_trimmed_up_to = greatest(s.feed_trimmed_up_to,
                (SELECT max(f.position) FROM postbox.feed f));
            DELETE FROM postbox.feed;
        END $$;
        """
}
