extension Schema {
    /// What version 2 adds: removals in steps, and how long the messages of tenants are kept.
    static let removal = [
        retentionTables, formerRemovalFunctions, recordRemovalsFunction, pruneFunction, eraseFunctions,
    ]

    private static let retentionTables = """
        -- How long the messages of tenants are kept that have a rule of their own.
        CREATE TABLE postbox.retention (
            tenant_id text COLLATE "C" PRIMARY KEY,
            -- Such as '2y'; NULL for ever.
            age text COLLATE "C"
        );

        -- What only one node does at a time.
        CREATE TABLE postbox.duties (
            name text COLLATE "C" PRIMARY KEY,
            -- The id of the node that does it; nobody does where that node is gone.
            node bigint NOT NULL
        );
        """

    /// A new database never had them.
    private static let formerRemovalFunctions = """
        DROP FUNCTION IF EXISTS postbox.prune(text, bigint[], bigint), postbox.note_removals(text, bigint[], bigint[]),
            postbox.erase(text, text), postbox.erase_message(text, text, bigint), postbox.end_removal()
        """

    /// `postbox.set_least_marks(p_tenant text, p_keys bigint[])`: stores the two least read markers of these conversations, where they are
    /// kept.
    static let markFunctions = """
        CREATE FUNCTION postbox.set_least_marks(p_tenant text, p_keys bigint[]) RETURNS void LANGUAGE plpgsql VOLATILE
        \(byIndex) AS $$
        BEGIN
            UPDATE postbox.conversations c SET least_read_up_to = l.marks[1], second_read_up_to = l.marks[2]
            FROM (SELECT p_tenant AS tenant, k.key, ARRAY(SELECT p.read_up_to FROM postbox.participants p
                    WHERE p.tenant_id = p_tenant AND p.conversation_key = k.key ORDER BY p.read_up_to LIMIT 2) AS marks
                FROM unnest(p_keys) k (key) OFFSET 0) l
            WHERE c.tenant_id = l.tenant AND c.key = l.key AND c.participant_count IS NOT NULL;
        END $$;
        """

    // Functions that take one step of a removal, each a transaction of its own with the lock of all writes. Each conversation that something
    // was removed from takes a change number, and a new revision where messages that clients may have lost their content.
    //
    // Parameters of all: `p_epoch text` and `p_writer bigint` as for `postbox.write`; `p_tenant text`; `payload bytea`, for the feed. Of those
    // that go through conversations: `p_keys bigint[]`, at most 1023 of the tenant's; `p_n bigint`, the number of the last message of the
    // first one that was looked at; `p_rows int`, how many messages to look at, about.
    //
    // Columns, of one row at least:
    // - `removed bigint`, `emptied bigint`: how many messages are gone, and how many lost their content.
    // - `place int`, `n bigint`, `is_behind boolean`: how many of the conversations are done, and where to go on in the next one.
    // - `micros bigint`: how long it took without the wait for the lock, in microseconds.
    // - `base bigint`: the position of the row in the feed; NULL where nothing was removed.
    // - the columns of ``ConversationQuery``: the conversations that something was removed from, as they are now, in the order of their
    //   change numbers; NULL in a single row where there are none.
    //
    // Errors: those of `postbox.begin_write`.

    private static let stepColumns = """
        RETURNS TABLE (removed bigint, emptied bigint, place int, n bigint, is_behind boolean, micros bigint, base bigint,
            key bigint, id text, last_n bigint, pruned_up_to bigint, change bigint, members text[], marks bigint[], revision bigint)
        LANGUAGE plpgsql VOLATILE
        \(byIndex)
        """

    private static func answer(removed: String, emptied: String, place: String, n: String, isBehind: String) -> String {
        """
        own := postbox.record_removals(p_tenant, changed, revised, payload);
            RETURN QUERY SELECT \(removed), \(emptied), \(place), \(n), \(isBehind),
                (extract(epoch FROM clock_timestamp() - start) * 1000000)::bigint, own, g.*
            FROM (SELECT 1) one LEFT JOIN (unnest(changed) WITH ORDINALITY k (key, i)
                CROSS JOIN LATERAL postbox.get_conversation(p_tenant, k.key) g) ON true ORDER BY k.i;
        """
    }

    /// `postbox.record_removals(p_tenant text, p_keys bigint[], p_revised bigint[], payload bytea) → bigint`: gives these conversations,
    /// at most 1023, their next change numbers, counts the revision of some of them, and writes the row of the feed; returns its position,
    /// NULL where there are no conversations.
    private static let recordRemovalsFunction = """
        CREATE FUNCTION postbox.record_removals(p_tenant text, p_keys bigint[], p_revised bigint[], payload bytea) RETURNS bigint
        LANGUAGE plpgsql VOLATILE
        \(byIndex) AS $$
        DECLARE
            base bigint;
        BEGIN
            IF cardinality(p_keys) = 0 THEN RETURN NULL; END IF;
            base := nextval('postbox.position');
            UPDATE postbox.conversations c SET change = base + k.i,
                revision = c.revision + CASE WHEN k.key = ANY (p_revised) THEN 1 ELSE 0 END
            FROM (SELECT p_tenant AS tenant, k.key, k.i FROM unnest(p_keys) WITH ORDINALITY k (key, i) OFFSET 0) k
            WHERE c.tenant_id = k.tenant AND c.key = k.key;
            UPDATE postbox.participants p SET list_change = c.change
            FROM (SELECT p_tenant AS tenant, k.key FROM unnest(p_keys) k (key) OFFSET 0) k
                JOIN postbox.conversations c ON c.tenant_id = k.tenant AND c.key = k.key
            WHERE c.activity_copies > 0 AND p.tenant_id = c.tenant_id AND p.conversation_key = c.key AND coalesce(p.list_activity, 0) > 0;
            INSERT INTO postbox.feed (position, kind, ns, marks, payload) VALUES (base, 'removal', p_keys, ARRAY(
                SELECT v.number FROM unnest(p_keys) WITH ORDINALITY k (key, i) CROSS JOIN LATERAL (
                    SELECT c.pruned_up_to, c.revision FROM postbox.conversations c
                    WHERE c.tenant_id = p_tenant AND c.key = k.key OFFSET 0) c
                CROSS JOIN LATERAL unnest(ARRAY[c.pruned_up_to, c.revision]) WITH ORDINALITY v (number, j) ORDER BY k.i, v.j), payload);
            RETURN base;
        END $$;
        """

    /// `postbox.prune(p_epoch, p_writer, p_tenant, p_keys, p_n, p_is_behind boolean, p_before_ms bigint, p_empties boolean, p_rows,
    /// payload)`: removes messages that were sent before a moment. Numbers have no gaps: what is old goes from the beginning up to the first
    /// message that is not old; one that stands behind that loses its content instead, where `p_empties` says so. `p_is_behind` says that
    /// the beginning of the first conversation is done.
    private static let pruneFunction = """
        CREATE FUNCTION postbox.prune(
            p_epoch text, p_writer bigint, p_tenant text, p_keys bigint[], p_n bigint, p_is_behind boolean, p_before_ms bigint,
            p_empties boolean, p_rows int, payload bytea) \(stepColumns) AS $$
        #variable_conflict use_column
        DECLARE
            start timestamptz;
            rows_left bigint := p_rows;
            done int := 0;
            at bigint := p_n;
            at_others boolean := p_is_behind;
            is_over boolean;
            known record;
            last bigint;
            young bigint;
            moved bigint;
            gone bigint := 0;
            cleared bigint := 0;
            count bigint;
            changed bigint[] := '{}';
            revised bigint[] := '{}';
            own bigint;
        BEGIN
            IF cardinality(p_keys) > 1023 THEN RAISE 'too many conversations in one step'; END IF;
            PERFORM postbox.begin_write(p_epoch, p_writer);
            start := clock_timestamp();
            WHILE rows_left > 0 AND done < cardinality(p_keys) LOOP
                SELECT c.key, c.last_n, c.pruned_up_to INTO known FROM postbox.conversations c
                    WHERE c.tenant_id = p_tenant AND c.key = p_keys[done + 1];
                is_over := NOT FOUND;
                IF is_over THEN
                    count := 0;
                ELSIF NOT at_others THEN
                    last := least(known.last_n, known.pruned_up_to + rows_left);
                    young := (SELECT m.n FROM postbox.messages m
                        WHERE m.tenant_id = p_tenant AND m.conversation_key = known.key AND m.n > known.pruned_up_to AND m.n <= last
                            AND m.sent_at_ms >= p_before_ms ORDER BY m.n LIMIT 1);
                    at_others := young IS NOT NULL OR last = known.last_n;
                    last := coalesce(young - 1, last);
                    count := last - known.pruned_up_to;
                    IF count > 0 THEN
                        DELETE FROM postbox.messages m
                            WHERE m.tenant_id = p_tenant AND m.conversation_key = known.key AND m.n <= last;
                        UPDATE postbox.conversations c
                            SET pruned_up_to = last, pruned_before_ms = greatest(c.pruned_before_ms, p_before_ms)
                            WHERE c.tenant_id = p_tenant AND c.key = known.key;
                        -- Pruned messages count as read.
                        UPDATE postbox.participants p SET read_up_to = last
                            WHERE p.tenant_id = p_tenant AND p.conversation_key = known.key AND p.read_up_to < last;
                        GET DIAGNOSTICS moved = ROW_COUNT;
                        PERFORM postbox.set_least_marks(p_tenant, ARRAY[known.key]);
                        changed := changed || known.key;
                        gone := gone + count;
                        count := count + moved + 6;
                    END IF;
                    at := last;
                    is_over := at_others AND NOT p_empties;
                ELSE
                    last := least(known.last_n, at + rows_left);
                    UPDATE postbox.messages m SET content = ''
                        WHERE m.tenant_id = p_tenant AND m.conversation_key = known.key AND m.n > at AND m.n <= last
                            AND m.sent_at_ms < p_before_ms AND m.content <> '';
                    GET DIAGNOSTICS moved = ROW_COUNT;
                    count := last - at;
                    IF moved > 0 THEN
                        -- The latest moment stays. Where one is missing because an earlier version pruned, only a prune that removed
                        -- messages which that one had left is later for certain.
                        UPDATE postbox.conversations c SET pruned_before_ms = greatest(c.pruned_before_ms, p_before_ms)
                            WHERE c.tenant_id = p_tenant AND c.key = known.key
                                AND (c.pruned_up_to = 0 OR c.pruned_before_ms IS NOT NULL);
                        IF changed[cardinality(changed)] IS DISTINCT FROM known.key THEN changed := changed || known.key; END IF;
                        revised := revised || known.key;
                        cleared := cleared + moved;
                        count := count + 6;
                    END IF;
                    at := last;
                    is_over := last = known.last_n;
                END IF;
                rows_left := rows_left - count - 1;
                IF is_over THEN
                    done := done + 1; at := 0; at_others := false;
                END IF;
            END LOOP;
            \(answer(removed: "gone", emptied: "cleared", place: "done", n: "at", isBehind: "at_others"))
        END $$;
        """

    /// `postbox.erase(p_epoch, p_writer, p_tenant, p_user text, p_keys, p_n, p_rows, payload)`: removes the content of messages that a user
    /// wrote, and forgets the user where they have neither name nor company.
    ///
    /// `postbox.erase_message(p_epoch, p_writer, p_tenant, p_conversation text, p_n, payload)`: removes the content of one message;
    /// `emptied` is NULL where there is no such message.
    private static let eraseFunctions = """
        CREATE FUNCTION postbox.erase(
            p_epoch text, p_writer bigint, p_tenant text, p_user text, p_keys bigint[], p_n bigint, p_rows int, payload bytea)
        \(stepColumns) AS $$
        #variable_conflict use_column
        DECLARE
            start timestamptz;
            rows_left bigint := p_rows;
            done int := 0;
            at bigint := p_n;
            found_rows record;
            emptied_rows bigint;
            is_over boolean;
            cleared bigint := 0;
            changed bigint[] := '{}';
            revised bigint[];
            own bigint;
        BEGIN
            IF cardinality(p_keys) > 1023 THEN RAISE 'too many conversations in one step'; END IF;
            PERFORM postbox.begin_write(p_epoch, p_writer);
            start := clock_timestamp();
            DELETE FROM postbox.users u WHERE u.tenant_id = p_tenant AND u.id = p_user AND u.renaming IS NULL
                AND coalesce(u.name, '') = '' AND coalesce(u.company, '') = '';
            WHILE rows_left > 0 AND done < cardinality(p_keys) LOOP
                SELECT count(*) AS count, max(x.n) AS last INTO found_rows FROM (SELECT m.n FROM postbox.messages m
                    WHERE m.tenant_id = p_tenant AND m.conversation_key = p_keys[done + 1] AND m.sender_id = p_user AND m.n > at
                    ORDER BY m.n LIMIT rows_left) x;
                is_over := found_rows.count < rows_left;
                rows_left := rows_left - found_rows.count - 1;
                UPDATE postbox.messages m SET content = ''
                    WHERE m.tenant_id = p_tenant AND m.conversation_key = p_keys[done + 1] AND m.sender_id = p_user AND m.n > at
                        AND m.n <= found_rows.last AND m.content <> '';
                GET DIAGNOSTICS emptied_rows = ROW_COUNT;
                IF emptied_rows > 0 THEN
                    changed := changed || p_keys[done + 1];
                    cleared := cleared + emptied_rows;
                    rows_left := rows_left - 6;
                END IF;
                at := coalesce(found_rows.last, at);
                IF is_over THEN
                    done := done + 1; at := 0;
                END IF;
            END LOOP;
            revised := changed;
            \(answer(removed: "0::bigint", emptied: "cleared", place: "done", n: "at", isBehind: "false"))
        END $$;

        CREATE FUNCTION postbox.erase_message(
            p_epoch text, p_writer bigint, p_tenant text, p_conversation text, p_n bigint, payload bytea) \(stepColumns) AS $$
        #variable_conflict use_column
        DECLARE
            start timestamptz;
            known record;
            changed bigint[] := '{}';
            revised bigint[];
            own bigint;
        BEGIN
            PERFORM postbox.begin_write(p_epoch, p_writer);
            start := clock_timestamp();
            SELECT c.key, (m.content <> '')::int::bigint AS count INTO known FROM postbox.conversations c
                JOIN postbox.messages m ON m.tenant_id = p_tenant AND m.conversation_key = c.key AND m.n = p_n
                WHERE c.tenant_id = p_tenant AND c.id = p_conversation;
            IF known.count > 0 THEN
                UPDATE postbox.messages m SET content = ''
                    WHERE m.tenant_id = p_tenant AND m.conversation_key = known.key AND m.n = p_n;
                changed := ARRAY[known.key];
            END IF;
            revised := changed;
            \(answer(removed: "0::bigint", emptied: "known.count", place: "1", n: "p_n", isBehind: "false"))
        END $$;
        """
}
