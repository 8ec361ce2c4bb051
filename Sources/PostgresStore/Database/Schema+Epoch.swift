extension Schema {
    /// Functions about the epoch, and the lock of all writes.
    ///
    /// - `postbox.here(out system bigint, out timeline int)`: which history of which server this is. It fails with SQLSTATE 25006 on a
    ///   standby.
    /// - `postbox.look_up_epoch(p_random text) → text`: the epoch; every connection calls it before its first use. Where the database was
    ///   promoted or copied, it begins a new one, `p_random`.
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

        CREATE FUNCTION postbox.look_up_epoch(p_random text) RETURNS text LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
        DECLARE
            here record;
            found_epoch text;
        BEGIN
            SELECT * INTO here FROM postbox.here();
            SELECT s.epoch INTO found_epoch FROM postbox.store s
                WHERE s.system = here.system AND s.timeline = here.timeline;
            IF FOUND THEN RETURN found_epoch; END IF;
            PERFORM pg_advisory_xact_lock(5794, 1);
            SELECT s.epoch INTO found_epoch FROM postbox.store s
                WHERE s.system = here.system AND s.timeline = here.timeline;
            IF FOUND THEN RETURN found_epoch; END IF;
            PERFORM postbox.begin_epoch(p_random);
            -- What the rows said may have been lost with the former primary.
            UPDATE postbox.nodes n SET is_alone = true;
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
                    EXISTS (SELECT 1 FROM postbox.nodes n WHERE n.writer = p_writer) AS is_node
                INTO found FROM postbox.store s, postbox.here() h;
            IF found.is_same IS NOT TRUE THEN
                RAISE 'the epoch is another now' USING ERRCODE = 'PB001';
            END IF;
            IF NOT found.is_node THEN
                RAISE 'the node is gone, or writes on another connection now' USING ERRCODE = 'PB002';
            END IF;
        END $$;
        """
}
