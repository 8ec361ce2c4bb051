extension Schema {
    /// Functions about the epoch, and the lock of all writes.
    ///
    /// - `postbox.here(out system bigint, out timeline int)`: which history of which server this is. It fails with SQLSTATE 25006 on a
    ///   standby.
    /// - `postbox.look_up_epoch(p_random text, p_epoch text, p_timeline int, p_goes_on boolean) → text`: the epoch; every connection calls
    ///   it before its first use. Where the database was copied, or was promoted and may have lost what a client was shown, it begins a
    ///   new one, `p_random`. Nothing that was shown can be lost where all processes that write wait for a synchronous standby, and the
    ///   caller has shown nothing else (`p_goes_on`). `p_epoch` and `p_timeline` say what the caller has served until now, NULL for
    ///   nothing: one that does not go on begins a new epoch also where another process has taken the former one along.
    /// - `postbox.begin_epoch(p_random text)`: begins a new epoch; the caller holds the lock.
    /// - `postbox.begin_write(p_epoch text, p_writer bigint)`: takes the lock of all writes until the end of the transaction. It fails with
    ///   SQLSTATE PB001 where the epoch is another now, PB002 where no node has this writer, and 55P03 where the lock is not to be had for
    ///   two seconds. It needs the isolation level read committed, and sets `synchronous_commit` for the transaction where that is less
    ///   than `on`.
    static let epochFunctions = """
        -- Not pg_control_checkpoint(): it names the old timeline for about a second after a promotion.
        CREATE FUNCTION postbox.here(out system bigint, out timeline int) LANGUAGE plpgsql STABLE
        SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF pg_is_in_recovery() THEN
                RAISE 'the server is a read-only standby' USING ERRCODE = 'read_only_sql_transaction';
            END IF;
            timeline := ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int;
            system := (SELECT s.system_identifier FROM pg_control_system() s);
        END $$;

        CREATE FUNCTION postbox.look_up_epoch(p_random text, p_epoch text DEFAULT NULL, p_timeline int DEFAULT NULL,
            p_goes_on boolean DEFAULT true) RETURNS text LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
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

        -- Not the timeline itself as the epoch: a timeline can be abandoned and its number be used again.
        CREATE FUNCTION postbox.begin_epoch(p_random text) RETURNS void LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            UPDATE postbox.store s SET epoch = p_random, system = h.system, timeline = h.timeline FROM postbox.here() h;
        END $$;

        CREATE FUNCTION postbox.begin_write(p_epoch text, p_writer bigint) RETURNS void LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
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
        """
}
