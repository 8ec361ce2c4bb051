extension Schema {
    /// `postbox.trim_feed(p_seconds int) → bigint`: removes the feed's rows that are older than this, but never the newest row, and
    /// returns the greatest position that was ever removed.
    static let feedFunctions = """
        CREATE FUNCTION postbox.trim_feed(p_seconds int) RETURNS bigint LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' SET enable_seqscan = off AS $$
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
        """
}
