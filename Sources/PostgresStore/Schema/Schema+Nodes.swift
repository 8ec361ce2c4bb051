extension Schema {
    /// Functions about the nodes: the processes that serve the database, and the commands of operators that change it.
    ///
    /// A row in `postbox.nodes` gives the right to write. A node that is the only one answers from memory without looking at the feed,
    /// and its row says so (`is_alone`). So a node that joins writes only once no other row says that: each node looks at the rows every
    /// half second, begins to look at the feed where there are others, and says so in its row after that. Rows are kept alive by
    /// counting; no clock of the server, and no clock of another machine, decides anything.
    ///
    /// A node writes under the number in its row, `writer`. Where the outcome of a write is not known, it joins anew with another number:
    /// what the former connection has sent, and the server has still to run, is refused then. Its commit would come after memory was
    /// filled, and a node that is the only one would not learn of it.
    ///
    /// - `postbox.join_node(p_id bigint, p_writer bigint, p_name text, p_version text, p_bound_ms int, p_is_replicated boolean)`: inserts the
    ///   row, or gives it another writer, under the lock of all writes: every write that comes later sees it. One that does not wait for
    ///   standbys ends what `store.is_replicated` says before it has written anything.
    /// - `postbox.renew_node(p_id bigint, p_is_alone boolean, p_position bigint, p_look_age_ms bigint, out is_there boolean,
    ///   out may_be_alone boolean)`: counts one more renewal, and says in the row whether the node takes itself to be alone. Where it does
    ///   not, and there is no other row, it may from now on.
    /// - `postbox.remove_node(p_id bigint, p_renewals bigint NULL)`: removes a row under the lock, where its count is still this one.
    /// - `postbox.other_bound(p_writer bigint) → int`: the greatest D in milliseconds of the nodes other than the one with this writer; NULL
    ///   where there are none. Called in the statement that writes, after the lock.
    /// - `postbox.look(p_position bigint)`: see ``NodeQuery/look``.
    static let nodeFunctions = """
        CREATE FUNCTION postbox.join_node(p_id bigint, p_writer bigint, p_name text, p_version text, p_bound_ms int,
            p_is_replicated boolean DEFAULT false) RETURNS void
        LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
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

        CREATE FUNCTION postbox.renew_node(p_id bigint, p_is_alone boolean, p_position bigint, p_look_age_ms bigint,
            out is_there boolean, out may_be_alone boolean)
        LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $$
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

        CREATE FUNCTION postbox.remove_node(p_id bigint, p_renewals bigint) RETURNS void LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(5794, 1);
            DELETE FROM postbox.nodes n WHERE n.id = p_id AND (p_renewals IS NULL OR n.renewals = p_renewals);
        END $$;

        -- VOLATILE: its snapshot is newer than the lock.
        CREATE FUNCTION postbox.other_bound(p_writer bigint) RETURNS int LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            RETURN (SELECT max(n.bound_ms) FROM postbox.nodes n WHERE n.writer <> p_writer);
        END $$;

        CREATE FUNCTION postbox.look(p_position bigint) RETURNS TABLE (epoch text, is_here boolean, trimmed_up_to bigint, newest bigint,
            row_position bigint, ns bigint[], marks bigint[], list_users text[], list_changes bigint[], payload bytea,
            timeline int)
        LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
        SET enable_seqscan = off AS $$
        #variable_conflict use_column
        BEGIN
            RETURN QUERY SELECT s.epoch, s.system = h.system AND s.timeline = h.timeline, s.feed_trimmed_up_to,
                greatest(s.feed_trimmed_up_to, (SELECT max(f.position) FROM postbox.feed f)),
                r.position, r.ns, r.marks, r.list_users, r.list_changes, r.payload, h.timeline
            FROM postbox.store s CROSS JOIN postbox.here() h LEFT JOIN LATERAL (
                SELECT * FROM postbox.feed f WHERE f.position > p_position ORDER BY f.position LIMIT 100) r ON true
            ORDER BY r.position;
        END $$;
        """
}
