extension Schema {
    private static let messageColumns = """
        RETURNS TABLE (n bigint, sender_id text, content text, sent_at_ms bigint, client_message_id text)
        """

    /// The first rows of a selection that exceed the bounds `p_limit` and `p_bytes`, the row included with which they do so.
    private static func bounded(_ condition: String, by order: String) -> String {
        """
        SELECT m.n, m.sender_id, m.content, m.sent_at_ms, m.client_message_id FROM (
                SELECT m.*, row_number() OVER w AS place, coalesce(sum(octet_length(m.content)) OVER (
                    ORDER BY \(order) ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS size_before
                FROM (SELECT * FROM postbox.messages m
                    WHERE m.tenant_id = p_tenant AND m.conversation_key = p_key AND m.n BETWEEN p_low AND p_high\(condition)
                    ORDER BY \(order) LIMIT p_limit) m
                WINDOW w AS (ORDER BY \(order))) m
            WHERE m.place <= 2 OR m.size_before <= p_bytes ORDER BY m.n
        """
    }

    /// Functions that read messages; ``MessageQuery`` says what they take and return.
    static let messageFunctions = """
        CREATE OR REPLACE FUNCTION postbox.oldest_messages(
            p_tenant text, p_key bigint, p_low bigint, p_high bigint, p_limit bigint, p_bytes bigint) \(messageColumns)
        \(reading) AS $$
        #variable_conflict use_column
        BEGIN
            RETURN QUERY \(bounded("", by: "m.n"));
        END $$;

        CREATE OR REPLACE FUNCTION postbox.newest_messages(
            p_tenant text, p_key bigint, p_low bigint, p_high bigint, p_limit bigint, p_bytes bigint) \(messageColumns)
        \(reading) AS $$
        #variable_conflict use_column
        BEGIN
            RETURN QUERY \(bounded("", by: "m.n DESC"));
        END $$;

        CREATE OR REPLACE FUNCTION postbox.messages_of_sender(
            p_tenant text, p_key bigint, p_sender text, p_low bigint, p_high bigint, p_limit bigint, p_bytes bigint) \(messageColumns)
        \(reading) AS $$
        #variable_conflict use_column
        BEGIN
            RETURN QUERY \(bounded(" AND m.sender_id = p_sender", by: "m.n"));
        END $$;

        CREATE OR REPLACE FUNCTION postbox.messages_of_others(
            p_tenant text, p_key bigint, p_user text, p_low bigint, p_high bigint, p_limit bigint, p_bytes bigint) \(messageColumns)
        \(reading) AS $$
        #variable_conflict use_variable
        DECLARE
            m record;
            first bigint := p_low;
            last bigint;
            run int;
            taken bigint := 0;
            size bigint := 0;
        BEGIN
            -- The user may have written hundreds of thousands of messages without an answer, and a poll can ask for the others' messages
            -- among them repeatedly. So runs of the user's own messages are skipped.
            LOOP
                run := 0;
                FOR m IN SELECT * FROM postbox.messages x
                    WHERE x.tenant_id = p_tenant AND x.conversation_key = p_key AND x.n BETWEEN first AND p_high ORDER BY x.n
                LOOP
                    IF m.sender_id = p_user THEN
                        run := run + 1;
                        last := m.n;
                        EXIT WHEN run = 16;
                        CONTINUE;
                    END IF;
                    run := 0;
                    n := m.n; sender_id := m.sender_id; content := m.content; sent_at_ms := m.sent_at_ms;
                    client_message_id := m.client_message_id;
                    RETURN NEXT;
                    taken := taken + 1;
                    size := size + octet_length(m.content);
                    IF taken >= p_limit OR (taken >= 2 AND size > p_bytes) THEN RETURN; END IF;
                END LOOP;
                EXIT WHEN run < 16;
                first := postbox.end_of_run(p_tenant, p_key, p_user, last, p_high) + 1;
                EXIT WHEN first > p_high;
            END LOOP;
        END $$;

        -- The last number of the run of one sender's messages that contains p_first. It takes logarithmic time: within a run, the numbers
        -- and the counts of the sender grow alike.
        CREATE OR REPLACE FUNCTION postbox.end_of_run(p_tenant text, p_key bigint, p_sender text, p_first bigint, p_last bigint) RETURNS bigint
        \(reading) AS $$
        DECLARE
            before bigint := (SELECT m.sender_n - m.n FROM postbox.messages m
                WHERE m.tenant_id = p_tenant AND m.conversation_key = p_key AND m.sender_id = p_sender AND m.n = p_first);
            found bigint := p_first;
            step bigint := 1;
            is_growing boolean := true;
        BEGIN
            IF before IS NULL THEN RETURN p_first; END IF;
            LOOP
                IF found + step <= p_last AND before = (SELECT m.sender_n - m.n FROM postbox.messages m
                    WHERE m.tenant_id = p_tenant AND m.conversation_key = p_key AND m.sender_id = p_sender AND m.n = found + step)
                THEN
                    found := found + step;
                ELSE
                    is_growing := false;
                END IF;
                IF is_growing THEN step := step * 2; ELSE step := step / 2; END IF;
                EXIT WHEN step = 0;
            END LOOP;
            RETURN found;
        END $$;

        CREATE OR REPLACE FUNCTION postbox.find_message(p_tenant text, p_key bigint, p_sender text, p_client_id text) \(messageColumns)
        \(reading) \(inKeyOrder) AS $$
        #variable_conflict use_column
        BEGIN
            RETURN QUERY SELECT m.n, m.sender_id, m.content, m.sent_at_ms, m.client_message_id FROM postbox.messages m
            WHERE m.tenant_id = p_tenant AND m.conversation_key = p_key AND m.sender_id = p_sender
                AND m.client_message_id BETWEEN p_client_id AND p_client_id AND m.client_message_id IS NOT NULL
            ORDER BY m.client_message_id LIMIT 1;
        END $$;

        CREATE OR REPLACE FUNCTION postbox.newest_of_each(p_tenant text, p_keys bigint[], p_last_ns bigint[], p_count bigint, p_bytes bigint)
        RETURNS TABLE (key bigint, n bigint, sender_id text, content text, sent_at_ms bigint, client_message_id text)
        \(reading) AS $$
        #variable_conflict use_column
        BEGIN
            -- Not a call of newest_messages() for each: that costs as much again.
            RETURN QUERY SELECT k.key, x.n, x.sender_id, x.content, x.sent_at_ms, x.client_message_id
            FROM unnest(p_keys, p_last_ns) WITH ORDINALITY k (key, last_n, i)
                CROSS JOIN LATERAL (
                    SELECT m.*, row_number() OVER w AS place, sum(octet_length(m.content)) OVER w AS size
                    FROM postbox.messages m
                    WHERE m.tenant_id = p_tenant AND m.conversation_key = k.key
                        AND m.n > k.last_n - p_count AND m.n <= k.last_n
                    WINDOW w AS (ORDER BY m.n DESC ROWS UNBOUNDED PRECEDING)) x
            WHERE x.place <= 2 OR x.size - octet_length(x.content) <= p_bytes
            ORDER BY k.i, x.n;
        END $$;
        """
}
