extension Schema {
    /// Functions that remove data; the caller is in a transaction that `postbox.begin_write(…)` began. Each conversation that
    /// something was removed from takes a change number, and a new revision where messages that clients may have lost their content.
    ///
    /// - `postbox.prune(p_tenant text, p_keys bigint[], p_before_ms bigint, out removed bigint, out emptied bigint)`: removes the messages
    ///   of these conversations, at most 1023, that were sent before a moment. Numbers have no gaps: what is old goes from the beginning up to
    ///   the first message that is not old; one that stands behind that loses its content instead.
    /// - `postbox.erase(p_tenant text, p_user text, out is_known boolean, out is_change boolean, out messages bigint)`: removes the name and
    ///   company of a user, and the content of their messages.
    /// - `postbox.erase_message(p_tenant text, p_conversation text, p_n bigint) → boolean`: removes the content of one message; whether it
    ///   had any, NULL where there is no such message.
    /// - `postbox.end_removal()`: empties the feed, which has the contents of the latest messages. As it is trimmed beyond the position of
    ///   every node, each of them empties its memory.
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
            changed bigint[] := '{}';
            revised bigint[] := '{}';
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
                IF empty > 0 THEN revised := revised || pruned_key; END IF;
                IF gone + empty > 0 THEN changed := changed || pruned_key; END IF;
                removed := removed + gone;
                emptied := emptied + empty;
            END LOOP;
            PERFORM postbox.note_removals(p_tenant, changed, revised);
        END $$;

        -- Gives these conversations, at most 1023, their next change numbers, and counts the revision of some of them.
        CREATE FUNCTION postbox.note_removals(p_tenant text, p_keys bigint[], p_revised bigint[]) RETURNS void LANGUAGE plpgsql VOLATILE
        \(byIndex) AS $$
        DECLARE
            base bigint;
        BEGIN
            IF cardinality(p_keys) = 0 THEN RETURN; END IF;
            base := nextval('postbox.position');
            UPDATE postbox.conversations c SET change = base + k.i,
                revision = c.revision + CASE WHEN k.key = ANY (p_revised) THEN 1 ELSE 0 END
            FROM (SELECT p_tenant AS tenant, k.key, k.i FROM unnest(p_keys) WITH ORDINALITY k (key, i) OFFSET 0) k
            WHERE c.tenant_id = k.tenant AND c.key = k.key;
            UPDATE postbox.participants p SET list_change = c.change
            FROM (SELECT p_tenant AS tenant, k.key FROM unnest(p_keys) k (key) OFFSET 0) k
                JOIN postbox.conversations c ON c.tenant_id = k.tenant AND c.key = k.key
            WHERE c.activity_copies > 0 AND p.tenant_id = c.tenant_id AND p.conversation_key = c.key AND coalesce(p.list_activity, 0) > 0;
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
        DECLARE
            changed bigint[];
            revised bigint[];
        BEGIN
            DELETE FROM postbox.users u WHERE u.tenant_id = p_tenant AND u.id = p_user;
            is_change := FOUND;
            changed := ARRAY(SELECT p.conversation_key FROM postbox.participants p
                WHERE p.tenant_id = p_tenant AND p.user_id = p_user ORDER BY p.conversation_key);
            is_known := is_change OR cardinality(changed) > 0;
            WITH emptied AS (
                UPDATE postbox.messages m SET content = ''
                FROM (SELECT p_tenant AS tenant, k.key, p_user AS sender FROM unnest(changed) k (key) OFFSET 0) k
                WHERE m.tenant_id = k.tenant AND m.conversation_key = k.key AND m.sender_id = k.sender AND m.content <> ''
                RETURNING m.conversation_key
            )
            SELECT count(*), coalesce(array_agg(DISTINCT e.conversation_key ORDER BY e.conversation_key), '{}') INTO messages, revised
            FROM emptied e;
            -- Without a name that is gone, only where they wrote.
            IF NOT is_change THEN changed := revised; END IF;
            is_change := is_change OR messages > 0;
            FOR place IN 1..cardinality(changed) BY 1000 LOOP
                PERFORM postbox.note_removals(p_tenant, changed[place:place + 999], revised);
            END LOOP;
        END $$;

        CREATE FUNCTION postbox.erase_message(p_tenant text, p_conversation text, p_n bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE
        \(byIndex) AS $$
        DECLARE
            found_key bigint;
            had_content boolean;
        BEGIN
            SELECT c.key, m.content <> '' INTO found_key, had_content FROM postbox.conversations c
                JOIN postbox.messages m ON m.tenant_id = p_tenant AND m.conversation_key = c.key AND m.n = p_n
                WHERE c.tenant_id = p_tenant AND c.id = p_conversation;
            IF NOT had_content OR had_content IS NULL THEN RETURN had_content; END IF;
            UPDATE postbox.messages m SET content = ''
                WHERE m.tenant_id = p_tenant AND m.conversation_key = found_key AND m.n = p_n;
            PERFORM postbox.note_removals(p_tenant, ARRAY[found_key], ARRAY[found_key]);
            RETURN true;
        END $$;

        CREATE FUNCTION postbox.end_removal() RETURNS void LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET jit = off AS $$
        BEGIN
            DELETE FROM postbox.feed;
            UPDATE postbox.store s SET feed_trimmed_up_to = nextval('postbox.position');
        END $$;
        """
}
