extension Schema {
    /// `postbox.update_least_marks(p_tenant text, p_key bigint, p_change bigint)`: brings the two least read markers of a large
    /// conversation up to date, after markers moved; and gives the change number to everybody for whom the least marker of the others
    /// has moved.
    ///
    /// Who reads in a large conversation is rarely one of the two who have read least; the caller looks at that before.
    static let leastMarkFunctions = """
        CREATE FUNCTION postbox.update_least_marks(p_tenant text, p_key bigint, p_change bigint) RETURNS void
        LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
        DECLARE
            old record;
            marks bigint[];
        BEGIN
            SELECT c.least_read_up_to AS least, c.second_read_up_to AS second INTO old FROM postbox.conversations c
                WHERE c.tenant_id = p_tenant AND c.key = p_key;
            -- While two are left where both were, nothing else has to be read. So the first readers of a new message cost little.
            IF old.least = old.second AND (SELECT count(*) FROM (SELECT 1 FROM postbox.participants p
                WHERE p.tenant_id = p_tenant AND p.conversation_key = p_key AND p.read_up_to = old.least LIMIT 2) x) = 2
            THEN RETURN; END IF;
            marks := ARRAY(SELECT p.read_up_to FROM postbox.participants p
                WHERE p.tenant_id = p_tenant AND p.conversation_key = p_key ORDER BY p.read_up_to LIMIT 2);
            IF marks[1] = old.least AND marks[2] = old.second THEN RETURN; END IF;
            UPDATE postbox.conversations c SET least_read_up_to = marks[1], second_read_up_to = marks[2]
                WHERE c.tenant_id = p_tenant AND c.key = p_key;
            UPDATE postbox.participants p
                SET change = p_change, list_change = CASE WHEN p.list_activity > 0 THEN p_change END
                WHERE p.tenant_id = p_tenant AND p.conversation_key = p_key AND p.change <> p_change
                    AND CASE WHEN p.read_up_to = old.least THEN old.second ELSE old.least END
                        <> CASE WHEN p.read_up_to = marks[1] THEN marks[2] ELSE marks[1] END;
        END $$;
        """
}
