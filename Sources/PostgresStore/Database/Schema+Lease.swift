extension Schema {
    /// Functions about the lease: one process serves the database, or changes it, at a time.
    ///
    /// A row with the server's clock and not a lock of the session, so that it works through a pooler. A lease that has run out stays
    /// good for writes until another process takes it, since no other process has written then.
    ///
    /// - `postbox.take_lease(p_holder bigint, p_seconds int, p_name text = '', out taken boolean, out holder_name text, out
    ///   since_ms bigint, out left_ms bigint)`: takes the lease for some seconds unless another process has it; otherwise the name of
    ///   that one, since when it has the lease (milliseconds since 1970), and for how many more milliseconds.
    /// - `postbox.renew_lease(p_holder bigint, p_seconds int) → boolean`: whether it is still ours.
    /// - `postbox.release_lease(p_holder bigint)`: gives it back; nothing where it is another's.
    static let leaseFunctions = """
        CREATE FUNCTION postbox.take_lease(p_holder bigint, p_seconds int, p_name text DEFAULT '',
            out taken boolean, out holder_name text, out since_ms bigint, out left_ms bigint)
        LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
        BEGIN
            -- Not during a write of the process that has it.
            PERFORM pg_advisory_xact_lock(5794, 1);
            UPDATE postbox.lease l SET holder = p_holder, name = p_name, until = clock_timestamp() + make_interval(secs => p_seconds),
                since = CASE WHEN l.holder = p_holder THEN l.since ELSE clock_timestamp() END
                WHERE l.holder IS NULL OR l.holder = p_holder OR l.until < clock_timestamp();
            taken := FOUND;
            SELECT l.name, (extract(epoch FROM l.since) * 1000)::bigint,
                    greatest((extract(epoch FROM l.until - clock_timestamp()) * 1000)::bigint, 0)
                INTO holder_name, since_ms, left_ms FROM postbox.lease l;
        END $$;

        CREATE FUNCTION postbox.renew_lease(p_holder bigint, p_seconds int) RETURNS boolean LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
        BEGIN
            UPDATE postbox.lease l SET until = clock_timestamp() + make_interval(secs => p_seconds) WHERE l.holder = p_holder;
            RETURN FOUND;
        END $$;

        CREATE FUNCTION postbox.release_lease(p_holder bigint) RETURNS void LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
        BEGIN
            UPDATE postbox.lease l SET holder = NULL, name = '', since = NULL, until = NULL WHERE l.holder = p_holder;
        END $$;
        """
}
