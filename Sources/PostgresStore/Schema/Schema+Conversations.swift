extension Schema {
    private static let conversationColumns = """
        RETURNS TABLE (key bigint, id text, last_n bigint, pruned_up_to bigint, change bigint, members text[], marks bigint[],
            revision bigint)
        """

    private static let conversation = """
        SELECT c.key, c.id, c.last_n, c.pruned_up_to, c.change,
                ARRAY(SELECT q.user_id FROM postbox.participants q
                    WHERE q.tenant_id = p_tenant AND q.conversation_key = c.key ORDER BY q.user_id),
                ARRAY(SELECT q.read_up_to FROM postbox.participants q
                    WHERE q.tenant_id = p_tenant AND q.conversation_key = c.key ORDER BY q.user_id),
                c.revision
        """

    /// What all functions that only read have: the same plan for all parameters, made once for each connection to the server, and from
    /// indexes only. So they need no prepared statements, which a pooler may not keep.
    static let reading = """
        LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
        SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
        """

    /// Functions that find conversations; ``ConversationQuery`` says what they take and return.
    static let conversationFunctions = """
        CREATE FUNCTION postbox.find_conversation(p_tenant text, p_id text, p_user text) \(conversationColumns)
        \(reading) AS $$
        #variable_conflict use_column
        BEGIN
            -- The participant is looked up before anything else is read, and in as many steps where there is no such conversation.
            RETURN QUERY \(conversation)
            FROM postbox.participants p JOIN postbox.conversations c ON c.tenant_id = p_tenant AND c.key = p.conversation_key
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.conversation_key = coalesce(
                (SELECT n.key FROM postbox.conversations n WHERE n.tenant_id = p_tenant AND n.id = p_id), -1);
        END $$;

        CREATE FUNCTION postbox.find_direct(p_tenant text, p_low text, p_high text) \(conversationColumns)
        \(reading) AS $$
        #variable_conflict use_column
        BEGIN
            RETURN QUERY \(conversation)
            FROM postbox.conversations c
            WHERE c.tenant_id = p_tenant AND c.direct_low = p_low AND c.direct_high = p_high AND c.direct_low IS NOT NULL;
        END $$;

        CREATE FUNCTION postbox.get_conversation(p_tenant text, p_key bigint) \(conversationColumns)
        \(reading) AS $$
        #variable_conflict use_column
        BEGIN
            RETURN QUERY \(conversation)
            FROM postbox.conversations c WHERE c.tenant_id = p_tenant AND c.key = p_key;
        END $$;

        -- Any caller can have this done, so it searches a bounded number of conversations: those of one user, and those of the other where
        -- the first has too many.
        CREATE FUNCTION postbox.may_be_together(p_tenant text, p_one text, p_other text, p_limit int DEFAULT 1000) RETURNS boolean
        \(reading) AS $$
        DECLARE
            users text[] := ARRAY[p_one, p_other];
            found record;
        BEGIN
            FOR i IN 1..2 LOOP
                SELECT count(*) AS searched, count(q.user_id) AS shared INTO found FROM (
                    SELECT p.conversation_key FROM postbox.participants p
                    WHERE p.tenant_id = p_tenant AND p.user_id = users[i] LIMIT p_limit) o
                    LEFT JOIN postbox.participants q
                    ON q.tenant_id = p_tenant AND q.conversation_key = o.conversation_key AND q.user_id = users[3 - i];
                IF found.shared > 0 THEN RETURN true; END IF;
                IF found.searched < p_limit THEN RETURN false; END IF;
            END LOOP;
            RETURN true;
        END $$;
        """
}
