extension Schema {
    /// Functions about the lease: one process serves the database, or changes it, at a time.
    ///
    /// A row with the server's clock and not a lock of the session, so that it works through a pooler. A lease that has run out stays
    /// good for writes until another process takes it, since no other process has written then.
    ///
    /// The lower 56 bits of a holder are the process, the others its connection. A process takes the lease with each connection of its
    /// writer anew, so that a statement of the former connection, which the server may still have to run, is refused.
    ///
    /// - `postbox.take_lease(p_holder bigint, p_seconds int, p_name text = '', p_ended bigint = NULL, out taken boolean, out holder_name
    ///   text, out since_ms bigint, out left_ms bigint, out holder bigint)`: takes the lease for some seconds unless another process has
    ///   it, other than `p_ended`, which is known to have ended; otherwise the name of that one, since when it has the lease
    ///   (milliseconds since 1970), for how many more milliseconds, and its holder.
    /// - `postbox.renew_lease(p_holder bigint, p_seconds int) → boolean`: whether it is still ours.
    /// - `postbox.release_lease(p_holder bigint)`: gives it back; nothing where it is another's.
    static let leaseFunctions = """
        CREATE FUNCTION postbox.is_same_process(one bigint, other bigint) RETURNS boolean LANGUAGE sql IMMUTABLE
        RETURN one & 72057594037927935 = other & 72057594037927935;

        CREATE FUNCTION postbox.take_lease(p_holder bigint, p_seconds int, p_name text DEFAULT '',
            p_ended bigint DEFAULT NULL,
            out taken boolean, out holder_name text, out since_ms bigint, out left_ms bigint, out holder bigint)
        LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
        #variable_conflict use_column
        BEGIN
            -- Not during a write of the process that has it.
            PERFORM pg_advisory_xact_lock(5794, 1);
            UPDATE postbox.lease l SET holder = p_holder, name = p_name, until = clock_timestamp() + make_interval(secs => p_seconds),
                since = CASE WHEN postbox.is_same_process(l.holder, p_holder) THEN l.since ELSE clock_timestamp() END
                WHERE l.holder IS NULL OR postbox.is_same_process(l.holder, p_holder) OR l.until < clock_timestamp()
                    OR l.holder = p_ended;
            taken := FOUND;
            SELECT l.name, (extract(epoch FROM l.since) * 1000)::bigint,
                    greatest((extract(epoch FROM l.until - clock_timestamp()) * 1000)::bigint, 0), l.holder
                INTO take_lease.holder_name, take_lease.since_ms, take_lease.left_ms, take_lease.holder FROM postbox.lease l;
        END $$;

        CREATE FUNCTION postbox.renew_lease(p_holder bigint, p_seconds int) RETURNS boolean LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
        BEGIN
            UPDATE postbox.lease l SET until = clock_timestamp() + make_interval(secs => p_seconds)
                WHERE postbox.is_same_process(l.holder, p_holder);
            RETURN FOUND;
        END $$;

        CREATE FUNCTION postbox.release_lease(p_holder bigint) RETURNS void LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
        BEGIN
            UPDATE postbox.lease l SET holder = NULL, name = '', since = NULL, until = NULL
                WHERE postbox.is_same_process(l.holder, p_holder);
        END $$;
        """
}
