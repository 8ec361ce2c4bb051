-- What version 1 of the schema made, with two conversations; written by pg_dump of PostgreSQL 15.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA postbox;
CREATE FUNCTION postbox.advance_renaming(p_tenant text, p_user text, payload bytea, p_rows integer, OUT is_over boolean, OUT base bigint, OUT keys bigint[], OUT ids text[], OUT last_ns bigint[], OUT pruned_up_tos bigint[], OUT member_counts integer[], OUT members text[], OUT marks bigint[], OUT revisions bigint[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    -- Where a tenant is given by a column and not by the parameter, the planner cannot join by reading all of the tenant.
    base := nextval('postbox.position');
    WITH next AS MATERIALIZED (
        -- At least one more than there is time for, or the last one would be taken for the user's last.
        SELECT p.conversation_key AS key FROM postbox.participants p
        WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.conversation_key > (
            SELECT u.renamed_up_to FROM postbox.users u WHERE u.tenant_id = p_tenant AND u.id = p_user)
        ORDER BY p.conversation_key LIMIT p_rows / 6 + 2
    ), sized AS (
        SELECT n.key, (SELECT count(q.read_up_to) FROM postbox.participants q
            WHERE q.tenant_id = p_tenant AND q.conversation_key = n.key) AS members FROM next n
    ), placed AS (
        SELECT s.key, s.members, row_number() OVER w AS i, coalesce(sum(6 + s.members) OVER (
            ORDER BY s.key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) < p_rows AS is_taken
        FROM sized s WINDOW w AS (ORDER BY s.key)
    )
    SELECT coalesce(bool_and(p.is_taken), true),
        coalesce(array_agg(p.key ORDER BY p.i) FILTER (WHERE p.is_taken), '{}'),
        coalesce(array_agg(p.members::int ORDER BY p.i) FILTER (WHERE p.is_taken), '{}')
    INTO is_over, keys, member_counts FROM placed p;
    UPDATE postbox.conversations c SET change = base + k.i
    FROM (SELECT p_tenant AS tenant, k.key, k.i FROM unnest(keys) WITH ORDINALITY k (key, i) OFFSET 0) k
    WHERE c.tenant_id = k.tenant AND c.key = k.key;
    UPDATE postbox.participants p SET list_change = c.change
    FROM (SELECT p_tenant AS tenant, k.key FROM unnest(keys) k (key) OFFSET 0) k
        JOIN postbox.conversations c ON c.tenant_id = k.tenant AND c.key = k.key
    WHERE c.activity_copies > 0 AND p.tenant_id = c.tenant_id AND p.conversation_key = c.key AND coalesce(p.list_activity, 0) > 0;
    IF is_over THEN
        UPDATE postbox.users u SET renaming = NULL, renamed_up_to = NULL, former_name = NULL, former_company = NULL
        WHERE u.tenant_id = p_tenant AND u.id = p_user;
    ELSE
        UPDATE postbox.users u SET renamed_up_to = keys[cardinality(keys)] WHERE u.tenant_id = p_tenant AND u.id = p_user;
    END IF;
    SELECT coalesce(array_agg(c.id ORDER BY k.i), '{}'), coalesce(array_agg(c.last_n ORDER BY k.i), '{}'),
        coalesce(array_agg(c.pruned_up_to ORDER BY k.i), '{}'), coalesce(array_agg(c.revision ORDER BY k.i), '{}')
    INTO ids, last_ns, pruned_up_tos, revisions
    FROM unnest(keys) WITH ORDINALITY k (key, i) CROSS JOIN LATERAL (
        SELECT c.id, c.last_n, c.pruned_up_to, c.revision FROM postbox.conversations c
        WHERE c.tenant_id = p_tenant AND c.key = k.key OFFSET 0) c;
    SELECT coalesce(array_agg(m.user_id), '{}'), coalesce(array_agg(m.read_up_to), '{}') INTO members, marks FROM (
        SELECT p.user_id, p.read_up_to
        FROM unnest(keys) WITH ORDINALITY k (key, i) CROSS JOIN LATERAL (
            SELECT p.user_id, p.read_up_to FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.conversation_key = k.key OFFSET 0) p
        ORDER BY k.i, p.user_id) m;
    INSERT INTO postbox.feed (position, kind, ns, marks, payload) VALUES (base, 'rename', keys, '{}', payload);
END $$;
CREATE FUNCTION postbox.begin_epoch(p_random text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE postbox.store s SET epoch = p_random, system = h.system, timeline = h.timeline FROM postbox.here() h;
END $$;
CREATE FUNCTION postbox.begin_write(p_epoch text, p_writer bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '2s'
    AS $$
DECLARE
    found record;
BEGIN
    -- Nothing is acknowledged that is not durable, whatever the role or another user of a pooled session has set.
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    -- The statements after the lock must see what its last holder committed.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE 'writes need the isolation level read committed';
    END IF;
    PERFORM pg_advisory_xact_lock(5794, 1);
    SELECT s.epoch = p_epoch AND s.system = h.system AND s.timeline = h.timeline AS is_same,
            EXISTS (SELECT 1 FROM postbox.nodes n WHERE n.writer = p_writer AND NOT n.must_join) AS is_node,
            s.is_replicated AS was_replicated,
            NOT EXISTS (SELECT 1 FROM postbox.nodes n WHERE NOT n.is_replicated) AS is_replicated
        INTO found FROM postbox.store s, postbox.here() h;
    IF found.is_same IS NOT TRUE THEN
        RAISE 'the epoch is another now' USING ERRCODE = 'PB001';
    END IF;
    IF NOT found.is_node THEN
        RAISE 'the node is gone, or writes on another connection now' USING ERRCODE = 'PB002';
    END IF;
    -- A standby that has this commit has all before it.
    IF found.was_replicated <> found.is_replicated THEN
        UPDATE postbox.store s SET is_replicated = found.is_replicated;
    END IF;
END $$;
CREATE FUNCTION postbox.complete_lists(p_tenants text[], p_keys bigint[], p_most_copies integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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
CREATE FUNCTION postbox.end_of_run(p_tenant text, p_key bigint, p_sender text, p_first bigint, p_last bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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
CREATE FUNCTION postbox.end_removal() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
BEGIN
    DELETE FROM postbox.feed;
    UPDATE postbox.store s SET feed_trimmed_up_to = nextval('postbox.position');
END $$;
CREATE FUNCTION postbox.erase(p_tenant text, p_user text, OUT is_known boolean, OUT is_change boolean, OUT messages bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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
CREATE FUNCTION postbox.erase_message(p_tenant text, p_conversation text, p_n bigint) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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
CREATE FUNCTION postbox.find_conversation(p_tenant text, p_id text, p_user text) RETURNS TABLE(key bigint, id text, last_n bigint, pruned_up_to bigint, change bigint, members text[], marks bigint[], revision bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    -- The participant is looked up before anything else is read, and in as many steps where there is no such conversation.
    RETURN QUERY SELECT c.key, c.id, c.last_n, c.pruned_up_to, c.change,
        ARRAY(SELECT q.user_id FROM postbox.participants q
            WHERE q.tenant_id = p_tenant AND q.conversation_key = c.key ORDER BY q.user_id),
        ARRAY(SELECT q.read_up_to FROM postbox.participants q
            WHERE q.tenant_id = p_tenant AND q.conversation_key = c.key ORDER BY q.user_id),
        c.revision
    FROM postbox.participants p JOIN postbox.conversations c ON c.tenant_id = p_tenant AND c.key = p.conversation_key
    WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.conversation_key = coalesce(
        (SELECT n.key FROM postbox.conversations n WHERE n.tenant_id = p_tenant AND n.id = p_id), -1);
END $$;
CREATE FUNCTION postbox.find_direct(p_tenant text, p_low text, p_high text) RETURNS TABLE(key bigint, id text, last_n bigint, pruned_up_to bigint, change bigint, members text[], marks bigint[], revision bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT c.key, c.id, c.last_n, c.pruned_up_to, c.change,
        ARRAY(SELECT q.user_id FROM postbox.participants q
            WHERE q.tenant_id = p_tenant AND q.conversation_key = c.key ORDER BY q.user_id),
        ARRAY(SELECT q.read_up_to FROM postbox.participants q
            WHERE q.tenant_id = p_tenant AND q.conversation_key = c.key ORDER BY q.user_id),
        c.revision
    FROM postbox.conversations c
    WHERE c.tenant_id = p_tenant AND c.direct_low = p_low AND c.direct_high = p_high AND c.direct_low IS NOT NULL;
END $$;
CREATE FUNCTION postbox.find_message(p_tenant text, p_key bigint, p_sender text, p_client_id text) RETURNS TABLE(n bigint, sender_id text, content text, sent_at_ms bigint, client_message_id text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT m.n, m.sender_id, m.content, m.sent_at_ms, m.client_message_id FROM postbox.messages m
    WHERE m.tenant_id = p_tenant AND m.conversation_key = p_key AND m.sender_id = p_sender
        AND m.client_message_id = p_client_id AND m.client_message_id IS NOT NULL;
END $$;
CREATE FUNCTION postbox.get_conversation(p_tenant text, p_key bigint) RETURNS TABLE(key bigint, id text, last_n bigint, pruned_up_to bigint, change bigint, members text[], marks bigint[], revision bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT c.key, c.id, c.last_n, c.pruned_up_to, c.change,
        ARRAY(SELECT q.user_id FROM postbox.participants q
            WHERE q.tenant_id = p_tenant AND q.conversation_key = c.key ORDER BY q.user_id),
        ARRAY(SELECT q.read_up_to FROM postbox.participants q
            WHERE q.tenant_id = p_tenant AND q.conversation_key = c.key ORDER BY q.user_id),
        c.revision
    FROM postbox.conversations c WHERE c.tenant_id = p_tenant AND c.key = p_key;
END $$;
CREATE FUNCTION postbox.here(OUT system bigint, OUT timeline integer) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF pg_is_in_recovery() THEN
        RAISE 'the server is a read-only standby' USING ERRCODE = 'read_only_sql_transaction';
    END IF;
    timeline := ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int;
    system := (SELECT s.system_identifier FROM pg_control_system() s);
END $$;
CREATE FUNCTION postbox.is_long_list(p_tenant text, p_user text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM postbox.participants p
        WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_activity IS NOT NULL);
END $$;
CREATE FUNCTION postbox.join_node(p_id bigint, p_writer bigint, p_name text, p_version text, p_bound_ms integer, p_is_replicated boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '2s'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(5794, 1);
    INSERT INTO postbox.nodes (id, writer, name, version, bound_ms, is_replicated)
    VALUES (p_id, p_writer, p_name, p_version, p_bound_ms, p_is_replicated)
    ON CONFLICT (id) DO UPDATE SET writer = p_writer, renewals = nodes.renewals + 1, is_alone = false, must_join = false,
        bound_ms = p_bound_ms;
    IF NOT p_is_replicated THEN
        UPDATE postbox.store s SET is_replicated = false WHERE s.is_replicated;
    END IF;
END $$;
CREATE FUNCTION postbox.latest_change(p_tenant text, p_user text) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
BEGIN
    IF postbox.is_long_list(p_tenant, p_user) THEN
        RETURN greatest(
        (SELECT p.list_change FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_change IS NOT NULL
            ORDER BY p.list_change DESC LIMIT 1),
        (SELECT max(greatest(c.change, p.change))
            FROM (SELECT p.conversation_key, p.change FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_activity = 0 OFFSET 0) p
        CROSS JOIN LATERAL (SELECT c.key, c.activity, c.change FROM postbox.conversations c
            WHERE c.tenant_id = p_tenant AND c.key = p.conversation_key OFFSET 0) c), 0);
    END IF;
    RETURN (WITH mine AS MATERIALIZED (
        SELECT c.key, c.activity, greatest(c.change, p.change) AS change
        FROM (SELECT p.conversation_key, p.change FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user OFFSET 0) p
        CROSS JOIN LATERAL (SELECT c.key, c.activity, c.change FROM postbox.conversations c
            WHERE c.tenant_id = p_tenant AND c.key = p.conversation_key OFFSET 0) c) SELECT coalesce(max(m.change), 0) FROM mine m);
END $$;
CREATE FUNCTION postbox.lengthen_list(p_tenant text, p_user text, p_most_copies integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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
CREATE FUNCTION postbox.lengthen_lists(p_short_list integer DEFAULT 256, p_most_copies integer DEFAULT 32) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
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
CREATE FUNCTION postbox.lengthen_one_list(p_tenant text, p_users text[], p_change bigint, p_short_list integer, p_most_copies integer, p_lists_checked integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
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
CREATE FUNCTION postbox.list_entries(p_tenant text, p_user text, p_keys bigint[], p_everybody boolean) RETURNS TABLE(key bigint, id text, opened_at_ms bigint, last_n bigint, activity bigint, change bigint, shared_change bigint, pruned_up_to bigint, unread bigint, participant_count integer, least_read_up_to bigint, second_read_up_to bigint, members text[], marks bigint[], names text[], companies text[], revision bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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
CREATE FUNCTION postbox.look(p_position bigint) RETURNS TABLE(epoch text, is_here boolean, trimmed_up_to bigint, newest bigint, row_position bigint, ns bigint[], marks bigint[], list_users text[], list_changes bigint[], payload bytea, timeline integer)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT s.epoch, s.system = h.system AND s.timeline = h.timeline, s.feed_trimmed_up_to,
        greatest(s.feed_trimmed_up_to, (SELECT max(f.position) FROM postbox.feed f)),
        r.position, r.ns, r.marks, r.list_users, r.list_changes, r.payload, h.timeline
    FROM postbox.store s CROSS JOIN postbox.here() h LEFT JOIN LATERAL (
        SELECT * FROM postbox.feed f WHERE f.position > p_position ORDER BY f.position LIMIT 100) r ON true
    ORDER BY r.position;
END $$;
CREATE FUNCTION postbox.look_up_epoch(p_random text, p_epoch text DEFAULT NULL::text, p_timeline integer DEFAULT NULL::integer, p_goes_on boolean DEFAULT true) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '2s'
    AS $$
DECLARE
    here record;
    found record;
BEGIN
    SELECT * INTO here FROM postbox.here();
    FOR is_locked IN 0..1 LOOP
        IF is_locked = 1 THEN PERFORM pg_advisory_xact_lock(5794, 1); END IF;
        SELECT s.epoch, s.system = here.system AND s.timeline = here.timeline AS is_here,
                s.system = here.system AND s.timeline < here.timeline AND s.is_replicated AS may_go_on
            INTO found FROM postbox.store s;
        IF found.is_here AND (p_goes_on OR p_timeline IS NOT DISTINCT FROM here.timeline
            OR p_epoch IS DISTINCT FROM found.epoch) THEN
            RETURN found.epoch;
        END IF;
    END LOOP;
    -- What the rows said last may have been lost with the former primary, unless a standby confirmed it.
    UPDATE postbox.nodes n SET is_alone = n.is_alone OR NOT (p_goes_on AND found.may_go_on), must_join = true;
    IF p_goes_on AND found.may_go_on THEN
        -- The new primary may have no standby yet. Before anybody is shown anything, a record of theirs is confirmed.
        PERFORM set_config('synchronous_commit', 'local', true);
        UPDATE postbox.store s SET timeline = here.timeline;
        RETURN found.epoch;
    END IF;
    PERFORM postbox.begin_epoch(p_random);
    RETURN p_random;
END $$;
CREATE FUNCTION postbox.may_be_together(p_tenant text, p_one text, p_other text, p_limit integer DEFAULT 1000) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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
CREATE FUNCTION postbox.messages_of_others(p_tenant text, p_key bigint, p_user text, p_low bigint, p_high bigint, p_limit bigint, p_bytes bigint) RETURNS TABLE(n bigint, sender_id text, content text, sent_at_ms bigint, client_message_id text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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
CREATE FUNCTION postbox.messages_of_sender(p_tenant text, p_key bigint, p_sender text, p_low bigint, p_high bigint, p_limit bigint, p_bytes bigint) RETURNS TABLE(n bigint, sender_id text, content text, sent_at_ms bigint, client_message_id text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT m.n, m.sender_id, m.content, m.sent_at_ms, m.client_message_id FROM (
        SELECT m.*, row_number() OVER w AS place, coalesce(sum(octet_length(m.content)) OVER (
            ORDER BY m.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS size_before
        FROM (SELECT * FROM postbox.messages m
            WHERE m.tenant_id = p_tenant AND m.conversation_key = p_key AND m.n BETWEEN p_low AND p_high AND m.sender_id = p_sender
            ORDER BY m.n LIMIT p_limit) m
        WINDOW w AS (ORDER BY m.n)) m
    WHERE m.place <= 2 OR m.size_before <= p_bytes ORDER BY m.n;
END $$;
CREATE FUNCTION postbox.move_marks(r_tenant text[], r_key bigint[], r_user text[], r_upto bigint[], p_before bigint, OUT marks bigint[], OUT unread bigint[], OUT moved_marks bigint[], OUT list_users text[], OUT list_changes bigint[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
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
CREATE FUNCTION postbox.newest_messages(p_tenant text, p_key bigint, p_low bigint, p_high bigint, p_limit bigint, p_bytes bigint) RETURNS TABLE(n bigint, sender_id text, content text, sent_at_ms bigint, client_message_id text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT m.n, m.sender_id, m.content, m.sent_at_ms, m.client_message_id FROM (
        SELECT m.*, row_number() OVER w AS place, coalesce(sum(octet_length(m.content)) OVER (
            ORDER BY m.n DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS size_before
        FROM (SELECT * FROM postbox.messages m
            WHERE m.tenant_id = p_tenant AND m.conversation_key = p_key AND m.n BETWEEN p_low AND p_high
            ORDER BY m.n DESC LIMIT p_limit) m
        WINDOW w AS (ORDER BY m.n DESC)) m
    WHERE m.place <= 2 OR m.size_before <= p_bytes ORDER BY m.n;
END $$;
CREATE FUNCTION postbox.newest_of_each(p_tenant text, p_keys bigint[], p_last_ns bigint[], p_count bigint, p_bytes bigint) RETURNS TABLE(key bigint, n bigint, sender_id text, content text, sent_at_ms bigint, client_message_id text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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
CREATE FUNCTION postbox.note_removals(p_tenant text, p_keys bigint[], p_revised bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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
CREATE FUNCTION postbox.oldest_messages(p_tenant text, p_key bigint, p_low bigint, p_high bigint, p_limit bigint, p_bytes bigint) RETURNS TABLE(n bigint, sender_id text, content text, sent_at_ms bigint, client_message_id text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT m.n, m.sender_id, m.content, m.sent_at_ms, m.client_message_id FROM (
        SELECT m.*, row_number() OVER w AS place, coalesce(sum(octet_length(m.content)) OVER (
            ORDER BY m.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS size_before
        FROM (SELECT * FROM postbox.messages m
            WHERE m.tenant_id = p_tenant AND m.conversation_key = p_key AND m.n BETWEEN p_low AND p_high
            ORDER BY m.n LIMIT p_limit) m
        WINDOW w AS (ORDER BY m.n)) m
    WHERE m.place <= 2 OR m.size_before <= p_bytes ORDER BY m.n;
END $$;
CREATE FUNCTION postbox.open(p_epoch text, p_writer bigint, p_tenant text, p_id text, p_users text[], p_direct boolean, p_at bigint, payload bytea, p_short_list integer DEFAULT 256, p_most_copies integer DEFAULT 32, p_lists_checked integer DEFAULT 32, OUT base bigint, OUT key bigint, OUT id text, OUT state integer) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
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
CREATE FUNCTION postbox.other_bound(p_writer bigint) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN (SELECT max(n.bound_ms) FROM postbox.nodes n WHERE n.writer <> p_writer);
END $$;
CREATE FUNCTION postbox.prune(p_tenant text, p_keys bigint[], p_before_ms bigint, OUT removed bigint, OUT emptied bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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
CREATE FUNCTION postbox.remove_node(p_id bigint, p_renewals bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '2s'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(5794, 1);
    DELETE FROM postbox.nodes n WHERE n.id = p_id AND (p_renewals IS NULL OR n.renewals = p_renewals);
END $$;
CREATE FUNCTION postbox.rename(p_epoch text, p_writer bigint, p_tenant text, p_user text, p_name text, p_company text, p_number bigint, payload bytea, p_rows integer DEFAULT 2000, OUT is_done boolean, OUT number bigint, OUT base bigint, OUT keys bigint[], OUT ids text[], OUT last_ns bigint[], OUT pruned_up_tos bigint[], OUT member_counts integer[], OUT members text[], OUT marks bigint[], OUT revisions bigint[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    known record;
    is_over boolean;
    is_known boolean;
    new_name text;
    new_company text;
BEGIN
    PERFORM postbox.begin_write(p_epoch, p_writer);
    SELECT u.name, u.company, u.renaming INTO known FROM postbox.users u WHERE u.tenant_id = p_tenant AND u.id = p_user;
    is_known := FOUND;
    IF is_known AND known.renaming IS NOT NULL AND (p_number IS NULL OR known.renaming = p_number) THEN
        SELECT a.is_over, a.base, a.keys, a.ids, a.last_ns, a.pruned_up_tos, a.member_counts, a.members, a.marks,
            a.revisions
        INTO is_over, base, keys, ids, last_ns, pruned_up_tos, member_counts, members, marks, revisions
        FROM postbox.advance_renaming(p_tenant, p_user, payload, p_rows) a;
        is_done := is_over AND p_number IS NOT NULL;
        number := p_number;
        RETURN;
    END IF;
    is_done := true;
    -- Where there is a number, that renaming is over.
    IF p_number IS NOT NULL THEN RETURN; END IF;
    IF NOT is_known THEN
        INSERT INTO postbox.users (tenant_id, id, name, company) VALUES (p_tenant, p_user, p_name, p_company);
        IF p_name IS NULL AND p_company IS NULL THEN RETURN; END IF;
    END IF;
    new_name := coalesce(p_name, known.name);
    new_company := coalesce(p_company, known.company);
    IF is_known AND known.name IS NOT DISTINCT FROM new_name AND known.company IS NOT DISTINCT FROM new_company THEN RETURN; END IF;
    number := nextval('postbox.position');
    UPDATE postbox.users u SET name = new_name, company = new_company, renaming = number, renamed_up_to = 0,
        former_name = known.name, former_company = known.company
    WHERE u.tenant_id = p_tenant AND u.id = p_user;
    SELECT a.is_over, a.base, a.keys, a.ids, a.last_ns, a.pruned_up_tos, a.member_counts, a.members, a.marks,
            a.revisions
    INTO is_done, base, keys, ids, last_ns, pruned_up_tos, member_counts, members, marks, revisions
    FROM postbox.advance_renaming(p_tenant, p_user, payload, p_rows) a;
END $$;
CREATE FUNCTION postbox.renew_node(p_id bigint, p_is_alone boolean, p_position bigint, p_look_age_ms bigint, OUT is_there boolean, OUT may_be_alone boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '200ms'
    AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    may_be_alone := p_is_alone;
    IF NOT p_is_alone AND NOT EXISTS (SELECT 1 FROM postbox.nodes n WHERE n.id <> p_id) THEN
        -- Under the lock, or a node that joins meanwhile would not see that it has to wait for this one; and a crash of the server
        -- must not undo it.
        BEGIN
            PERFORM pg_advisory_xact_lock(5794, 1);
            PERFORM set_config('synchronous_commit', 'local', true);
            may_be_alone := NOT EXISTS (SELECT 1 FROM postbox.nodes n WHERE n.id <> p_id);
        EXCEPTION WHEN lock_not_available THEN
            -- Next time.
        END;
    END IF;
    UPDATE postbox.nodes n SET renewals = n.renewals + 1, is_alone = may_be_alone, position = p_position,
        look_age_ms = p_look_age_ms WHERE n.id = p_id AND NOT n.must_join;
    is_there := FOUND;
END $$;
CREATE FUNCTION postbox.resume_renaming(p_epoch text, p_writer bigint, p_tenant text, p_user text, payload bytea, p_rows integer DEFAULT 2000, OUT is_done boolean, OUT number bigint, OUT base bigint, OUT keys bigint[], OUT ids text[], OUT last_ns bigint[], OUT pruned_up_tos bigint[], OUT member_counts integer[], OUT members text[], OUT marks bigint[], OUT revisions bigint[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM postbox.begin_write(p_epoch, p_writer);
    is_done := true;
    PERFORM 1 FROM postbox.users u WHERE u.tenant_id = p_tenant AND u.id = p_user AND u.renaming IS NOT NULL;
    IF NOT FOUND THEN RETURN; END IF;
    SELECT a.is_over, a.base, a.keys, a.ids, a.last_ns, a.pruned_up_tos, a.member_counts, a.members, a.marks,
            a.revisions
    INTO is_done, base, keys, ids, last_ns, pruned_up_tos, member_counts, members, marks, revisions
    FROM postbox.advance_renaming(p_tenant, p_user, payload, p_rows) a;
END $$;
CREATE FUNCTION postbox.select_before(p_tenant text, p_user text, p_before bigint, p_limit bigint, OUT latest bigint, OUT keys bigint[]) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
BEGIN
    IF NOT postbox.is_long_list(p_tenant, p_user) THEN
        WITH mine AS MATERIALIZED (
        SELECT c.key, c.activity, greatest(c.change, p.change) AS change
        FROM (SELECT p.conversation_key, p.change FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user OFFSET 0) p
        CROSS JOIN LATERAL (SELECT c.key, c.activity, c.change FROM postbox.conversations c
            WHERE c.tenant_id = p_tenant AND c.key = p.conversation_key OFFSET 0) c)
        SELECT coalesce((SELECT max(m.change) FROM mine m), 0),
            ARRAY(SELECT m.key FROM mine m WHERE m.activity < p_before ORDER BY m.activity DESC LIMIT p_limit)
        INTO latest, keys;
        RETURN;
    END IF;
    latest := greatest(
        (SELECT p.list_change FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_change IS NOT NULL
            ORDER BY p.list_change DESC LIMIT 1),
        (SELECT max(greatest(c.change, p.change))
            FROM (SELECT p.conversation_key, p.change FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_activity = 0 OFFSET 0) p
        CROSS JOIN LATERAL (SELECT c.key, c.activity, c.change FROM postbox.conversations c
            WHERE c.tenant_id = p_tenant AND c.key = p.conversation_key OFFSET 0) c), 0);
    keys := ARRAY(SELECT x.key FROM (
        (SELECT p.conversation_key AS key, p.list_activity AS activity FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_activity > 0 AND p.list_activity < p_before
            ORDER BY p.list_activity DESC LIMIT p_limit)
        UNION ALL SELECT c.key, c.activity
        FROM (SELECT p.conversation_key, p.change FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_activity = 0 OFFSET 0) p
        CROSS JOIN LATERAL (SELECT c.key, c.activity, c.change FROM postbox.conversations c
            WHERE c.tenant_id = p_tenant AND c.key = p.conversation_key OFFSET 0) c WHERE c.activity < p_before
        ) x ORDER BY x.activity DESC LIMIT p_limit);
END $$;
CREATE FUNCTION postbox.select_since(p_tenant text, p_user text, p_since bigint, p_limit bigint, OUT latest bigint, OUT keys bigint[]) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
BEGIN
    IF NOT postbox.is_long_list(p_tenant, p_user) THEN
        WITH mine AS MATERIALIZED (
        SELECT c.key, c.activity, greatest(c.change, p.change) AS change
        FROM (SELECT p.conversation_key, p.change FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user OFFSET 0) p
        CROSS JOIN LATERAL (SELECT c.key, c.activity, c.change FROM postbox.conversations c
            WHERE c.tenant_id = p_tenant AND c.key = p.conversation_key OFFSET 0) c)
        SELECT coalesce((SELECT max(m.change) FROM mine m), 0),
            ARRAY(SELECT m.key FROM mine m WHERE m.change > p_since ORDER BY m.change LIMIT p_limit)
        INTO latest, keys;
        RETURN;
    END IF;
    latest := greatest(
        (SELECT p.list_change FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_change IS NOT NULL
            ORDER BY p.list_change DESC LIMIT 1),
        (SELECT max(greatest(c.change, p.change))
            FROM (SELECT p.conversation_key, p.change FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_activity = 0 OFFSET 0) p
        CROSS JOIN LATERAL (SELECT c.key, c.activity, c.change FROM postbox.conversations c
            WHERE c.tenant_id = p_tenant AND c.key = p.conversation_key OFFSET 0) c), 0);
    keys := ARRAY(SELECT x.key FROM (
        (SELECT p.conversation_key AS key, p.list_change AS change FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_change > p_since
            ORDER BY p.list_change LIMIT p_limit)
        UNION ALL SELECT c.key, greatest(c.change, p.change)
        FROM (SELECT p.conversation_key, p.change FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.list_activity = 0 OFFSET 0) p
        CROSS JOIN LATERAL (SELECT c.key, c.activity, c.change FROM postbox.conversations c
            WHERE c.tenant_id = p_tenant AND c.key = p.conversation_key OFFSET 0) c WHERE greatest(c.change, p.change) > p_since
        ) x ORDER BY x.change LIMIT p_limit);
END $$;
CREATE FUNCTION postbox.set_least_marks(p_tenant text, p_keys bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
BEGIN
    UPDATE postbox.conversations c SET least_read_up_to = l.marks[1], second_read_up_to = l.marks[2]
    FROM (SELECT p_tenant AS tenant, k.key, ARRAY(SELECT p.read_up_to FROM postbox.participants p
            WHERE p.tenant_id = p_tenant AND p.conversation_key = k.key ORDER BY p.read_up_to LIMIT 2) AS marks
        FROM unnest(p_keys) k (key) OFFSET 0) l
    WHERE c.tenant_id = l.tenant AND c.key = l.key AND c.participant_count IS NOT NULL;
END $$;
CREATE FUNCTION postbox.set_marks(p_tenants text[], p_keys bigint[], p_users text[], p_marks bigint[], p_changes bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
BEGIN
    UPDATE postbox.participants p SET read_up_to = u.mark, change = u.change,
        list_change = CASE WHEN p.list_activity > 0 THEN u.change END
    FROM unnest(p_tenants, p_keys, p_users, p_marks, p_changes) u (tenant, key, id, mark, change)
    WHERE p.tenant_id = u.tenant AND p.conversation_key = u.key AND p.user_id = u.id;
END $$;
CREATE FUNCTION postbox.trim_feed(p_seconds integer) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '2s'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    newest bigint := (SELECT max(f.position) FROM postbox.feed f);
    last bigint;
BEGIN
    -- The rows are in the order of their time, except where the server's clock was set back: the first young one ends it.
    last := (SELECT f.position FROM postbox.feed f WHERE f.at >= clock_timestamp() - make_interval(secs => p_seconds)
        ORDER BY f.position LIMIT 1);
    DELETE FROM postbox.feed f WHERE f.position < least(coalesce(last, newest), newest);
    IF FOUND THEN
        UPDATE postbox.store s
            SET feed_trimmed_up_to = greatest(s.feed_trimmed_up_to, least(coalesce(last, newest), newest) - 1);
    END IF;
    RETURN (SELECT s.feed_trimmed_up_to FROM postbox.store s);
END $$;
CREATE FUNCTION postbox.update_least_marks(p_tenant text, p_key bigint, p_change bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
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
CREATE FUNCTION postbox.write(p_epoch text, p_writer bigint, s_tenant text[], s_key bigint[], s_sender text[], s_content text[], s_client_id text[], s_at bigint[], r_tenant text[], r_key bigint[], r_user text[], r_upto bigint[], payload bytea, OUT base bigint, OUT ns bigint[], OUT states integer[], OUT ats bigint[], OUT marks bigint[], OUT unread bigint[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
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
                    WHERE d.client_id IS NOT NULL AND m.tenant_id = d.tenant AND m.conversation_key = d.key
                        AND m.sender_id = d.sender AND m.client_message_id = d.client_id
                        AND m.client_message_id IS NOT NULL
                    OFFSET 0
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
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE postbox.conversations (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    key bigint NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    direct_low text COLLATE pg_catalog."C",
    direct_high text COLLATE pg_catalog."C",
    opened_at_ms bigint NOT NULL,
    last_n bigint NOT NULL,
    pruned_up_to bigint DEFAULT 0 NOT NULL,
    pruned_before_ms bigint,
    revision bigint DEFAULT 0 NOT NULL,
    activity bigint NOT NULL,
    change bigint NOT NULL,
    activity_copies integer DEFAULT 0 NOT NULL,
    participant_count integer,
    least_read_up_to bigint,
    second_read_up_to bigint,
    CONSTRAINT conversations_activity_check CHECK ((activity > 0)),
    CONSTRAINT conversations_activity_copies_check CHECK ((activity_copies >= 0)),
    CONSTRAINT conversations_check CHECK (((pruned_up_to >= 0) AND (pruned_up_to <= last_n))),
    CONSTRAINT conversations_check1 CHECK ((change >= activity)),
    CONSTRAINT conversations_check2 CHECK (((direct_low IS NULL) = (direct_high IS NULL))),
    CONSTRAINT conversations_check3 CHECK ((direct_low < direct_high)),
    CONSTRAINT conversations_id_check CHECK (((octet_length(id) >= 1) AND (octet_length(id) <= 255))),
    CONSTRAINT conversations_last_n_check CHECK ((last_n >= 0)),
    CONSTRAINT conversations_revision_check CHECK ((revision >= 0))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02');
ALTER TABLE postbox.conversations ALTER COLUMN key ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME postbox.conversations_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE postbox.feed (
    "position" bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    ns bigint[] NOT NULL,
    marks bigint[] NOT NULL,
    list_users text[] COLLATE pg_catalog."C",
    list_changes bigint[],
    payload bytea NOT NULL
);
ALTER TABLE ONLY postbox.feed ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE TABLE postbox.messages (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    conversation_key bigint NOT NULL,
    n bigint NOT NULL,
    sender_id text NOT NULL COLLATE pg_catalog."C",
    content text NOT NULL COLLATE pg_catalog."C",
    sent_at_ms bigint NOT NULL,
    client_message_id text COLLATE pg_catalog."C",
    sender_n bigint NOT NULL,
    CONSTRAINT messages_check CHECK (((sender_n >= 1) AND (sender_n <= n))),
    CONSTRAINT messages_n_check CHECK ((n > 0))
)
WITH (autovacuum_vacuum_insert_scale_factor='0.05');
CREATE TABLE postbox.nodes (
    id bigint NOT NULL,
    writer bigint NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    renewals bigint DEFAULT 0 NOT NULL,
    is_alone boolean DEFAULT false NOT NULL,
    bound_ms integer NOT NULL,
    is_replicated boolean DEFAULT false NOT NULL,
    must_join boolean DEFAULT false NOT NULL,
    "position" bigint,
    look_age_ms bigint,
    CONSTRAINT nodes_bound_ms_check CHECK ((bound_ms >= 0))
)
WITH (fillfactor='50');
CREATE TABLE postbox.participants (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    conversation_key bigint NOT NULL,
    user_id text NOT NULL COLLATE pg_catalog."C",
    read_up_to bigint NOT NULL,
    change bigint NOT NULL,
    list_activity bigint,
    list_change bigint,
    CONSTRAINT participants_check CHECK (((list_change IS NULL) = (COALESCE(list_activity, (0)::bigint) = 0))),
    CONSTRAINT participants_read_up_to_check CHECK ((read_up_to >= 0)),
    CONSTRAINT participants_user_id_check CHECK (((octet_length(user_id) >= 1) AND (octet_length(user_id) <= 255)))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02');
CREATE SEQUENCE postbox."position"
    START WITH 1024
    INCREMENT BY 1024
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE postbox.store (
    one boolean DEFAULT true NOT NULL,
    schema_version integer NOT NULL,
    epoch text NOT NULL COLLATE pg_catalog."C",
    system bigint NOT NULL,
    timeline integer NOT NULL,
    is_replicated boolean DEFAULT false NOT NULL,
    cursor_key bytea NOT NULL,
    feed_trimmed_up_to bigint DEFAULT 0 NOT NULL,
    CONSTRAINT store_cursor_key_check CHECK ((octet_length(cursor_key) = 16)),
    CONSTRAINT store_epoch_check CHECK ((epoch ~ '^[a-z0-9]{1,16}$'::text)),
    CONSTRAINT store_one_check CHECK (one)
)
WITH (fillfactor='50');
CREATE TABLE postbox.users (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    name text,
    company text,
    renaming bigint,
    renamed_up_to bigint,
    former_name text,
    former_company text,
    CONSTRAINT users_id_check CHECK (((octet_length(id) >= 1) AND (octet_length(id) <= 255)))
)
WITH (fillfactor='90');
INSERT INTO postbox.conversations VALUES ('', 1, 'talk', NULL, NULL, 1796139762212, 2, 0, NULL, 0, 3073, 3073, 0, NULL, NULL, NULL);
INSERT INTO postbox.conversations VALUES ('acme', 2, 'group', NULL, NULL, 1796139762214, 1, 0, NULL, 0, 3074, 3074, 0, NULL, NULL, NULL);
INSERT INTO postbox.feed VALUES (1024, '2026-12-01 15:42:42.185502+00', 'write', '{}', '{}', NULL, NULL, '\x010000');
INSERT INTO postbox.feed VALUES (4096, '2026-12-01 15:42:42.224358+00', 'reset', '{}', '{}', NULL, NULL, '\x01000104');
INSERT INTO postbox.messages VALUES ('', 1, 1, 'alice', 'One', 1733049000000, 'k1', 1);
INSERT INTO postbox.messages VALUES ('', 1, 2, 'bob', 'Two 🙂', 1733049060000, NULL, 1);
INSERT INTO postbox.messages VALUES ('acme', 2, 1, 'carol', 'Three', 1733049120000, NULL, 1);
INSERT INTO postbox.participants VALUES ('', 1, 'alice', 0, 0, NULL, NULL);
INSERT INTO postbox.participants VALUES ('acme', 2, 'alice', 0, 0, NULL, NULL);
INSERT INTO postbox.participants VALUES ('acme', 2, 'bob', 0, 0, NULL, NULL);
INSERT INTO postbox.participants VALUES ('acme', 2, 'carol', 0, 0, NULL, NULL);
INSERT INTO postbox.participants VALUES ('', 1, 'bob', 1, 0, NULL, NULL);
INSERT INTO postbox.store VALUES (true, 1, '2pura4e7', 7714361531197460995, 1, false, '\x35a8a2fccb830560a6b7496b580f8572', 0);
INSERT INTO postbox.users VALUES ('', 'alice', 'Alice', 'Acme', NULL, NULL, NULL, NULL);
SELECT pg_catalog.setval('postbox.conversations_key_seq', 500, true);
SELECT pg_catalog.setval('postbox."position"', 4096, true);
ALTER TABLE ONLY postbox.conversations
    ADD CONSTRAINT conversations_pkey PRIMARY KEY (tenant_id, key);
ALTER TABLE ONLY postbox.conversations
    ADD CONSTRAINT conversations_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE ONLY postbox.feed
    ADD CONSTRAINT feed_pkey PRIMARY KEY ("position");
ALTER TABLE ONLY postbox.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (tenant_id, conversation_key, n);
ALTER TABLE ONLY postbox.nodes
    ADD CONSTRAINT nodes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY postbox.participants
    ADD CONSTRAINT participants_pkey PRIMARY KEY (tenant_id, conversation_key, user_id);
ALTER TABLE ONLY postbox.store
    ADD CONSTRAINT store_pkey PRIMARY KEY (one);
ALTER TABLE ONLY postbox.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (tenant_id, id);
CREATE UNIQUE INDEX conversations_direct ON postbox.conversations USING btree (tenant_id, direct_low, direct_high) WHERE (direct_low IS NOT NULL);
CREATE UNIQUE INDEX messages_client_message_id ON postbox.messages USING btree (tenant_id, conversation_key, sender_id, client_message_id) WHERE (client_message_id IS NOT NULL);
CREATE INDEX messages_sender ON postbox.messages USING btree (tenant_id, conversation_key, sender_id, n) INCLUDE (sender_n);
CREATE INDEX participants_activity ON postbox.participants USING btree (tenant_id, user_id, list_activity) WHERE (list_activity IS NOT NULL);
CREATE INDEX participants_change ON postbox.participants USING btree (tenant_id, user_id, list_change) WHERE (list_change IS NOT NULL);
CREATE INDEX participants_user ON postbox.participants USING btree (tenant_id, user_id, conversation_key);
CREATE INDEX users_renaming ON postbox.users USING btree (tenant_id, id) WHERE (renaming IS NOT NULL);
ALTER TABLE ONLY postbox.participants
    ADD CONSTRAINT participants_tenant_id_conversation_key_fkey FOREIGN KEY (tenant_id, conversation_key) REFERENCES postbox.conversations(tenant_id, key);
