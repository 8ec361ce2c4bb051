/// What the migrations make, as a list to compare a database with.
enum SchemaObjects {
    /// Lists what there is: columns with their type, valid indexes, sequences and functions; one `text` in each row.
    static let query = """
        SELECT x.name FROM (
            SELECT 'the column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
                || CASE WHEN l.collname = 'C' THEN ' by bytes' ELSE '' END AS name
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
                LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
            WHERE c.relnamespace = 'postbox'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL SELECT 'the index ' || c.relname || CASE WHEN i.indisunique THEN ', unique' ELSE '' END
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
            WHERE c.relnamespace = 'postbox'::regnamespace AND i.indisvalid AND i.indisready
            UNION ALL SELECT 'the sequence ' || c.relname || ' in steps of ' || s.seqincrement
            FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
            WHERE c.relnamespace = 'postbox'::regnamespace AND s.seqcache = 1
            UNION ALL SELECT 'the function ' || p.proname FROM pg_catalog.pg_proc p
            WHERE p.pronamespace = 'postbox'::regnamespace) x ORDER BY 1
        """

    /// What there is in a schema of the present version.
    static let all = """
        the column conversations.activity bigint NOT NULL
        the column conversations.activity_copies integer NOT NULL
        the column conversations.change bigint NOT NULL
        the column conversations.direct_high text by bytes
        the column conversations.direct_low text by bytes
        the column conversations.id text NOT NULL by bytes
        the column conversations.key bigint NOT NULL
        the column conversations.last_n bigint NOT NULL
        the column conversations.least_read_up_to bigint
        the column conversations.opened_at_ms bigint NOT NULL
        the column conversations.participant_count integer
        the column conversations.pruned_before_ms bigint
        the column conversations.pruned_up_to bigint NOT NULL
        the column conversations.revision bigint NOT NULL
        the column conversations.second_read_up_to bigint
        the column conversations.tenant_id text NOT NULL by bytes
        the column duties.name text NOT NULL by bytes
        the column duties.node bigint NOT NULL
        the column feed.at timestamp with time zone NOT NULL
        the column feed.kind text NOT NULL by bytes
        the column feed.list_changes bigint[]
        the column feed.list_users text[] by bytes
        the column feed.marks bigint[] NOT NULL
        the column feed.ns bigint[] NOT NULL
        the column feed.payload bytea NOT NULL
        the column feed.position bigint NOT NULL
        the column messages.client_message_id text by bytes
        the column messages.content text NOT NULL by bytes
        the column messages.conversation_key bigint NOT NULL
        the column messages.n bigint NOT NULL
        the column messages.sender_id text NOT NULL by bytes
        the column messages.sender_n bigint NOT NULL
        the column messages.sent_at_ms bigint NOT NULL
        the column messages.tenant_id text NOT NULL by bytes
        the column nodes.bound_ms integer NOT NULL
        the column nodes.id bigint NOT NULL
        the column nodes.is_alone boolean NOT NULL
        the column nodes.is_replicated boolean NOT NULL
        the column nodes.look_age_ms bigint
        the column nodes.must_join boolean NOT NULL
        the column nodes.name text NOT NULL
        the column nodes.position bigint
        the column nodes.renewals bigint NOT NULL
        the column nodes.started_at timestamp with time zone NOT NULL
        the column nodes.version text NOT NULL
        the column nodes.writer bigint NOT NULL
        the column participants.change bigint NOT NULL
        the column participants.conversation_key bigint NOT NULL
        the column participants.list_activity bigint
        the column participants.list_change bigint
        the column participants.read_up_to bigint NOT NULL
        the column participants.tenant_id text NOT NULL by bytes
        the column participants.user_id text NOT NULL by bytes
        the column retention.age text by bytes
        the column retention.tenant_id text NOT NULL by bytes
        the column store.cursor_key bytea NOT NULL
        the column store.epoch text NOT NULL by bytes
        the column store.feed_trimmed_up_to bigint NOT NULL
        the column store.is_replicated boolean NOT NULL
        the column store.one boolean NOT NULL
        the column store.schema_version integer NOT NULL
        the column store.system bigint NOT NULL
        the column store.timeline integer NOT NULL
        the column users.company text
        the column users.former_company text
        the column users.former_name text
        the column users.id text NOT NULL by bytes
        the column users.name text
        the column users.renamed_up_to bigint
        the column users.renaming bigint
        the column users.tenant_id text NOT NULL by bytes
        the function advance_renaming
        the function begin_epoch
        the function begin_write
        the function complete_lists
        the function end_of_run
        the function erase
        the function erase_message
        the function find_conversation
        the function find_direct
        the function find_message
        the function get_conversation
        the function here
        the function is_long_list
        the function join_node
        the function latest_change
        the function lengthen_list
        the function lengthen_lists
        the function lengthen_one_list
        the function list_entries
        the function look
        the function look_up_epoch
        the function may_be_together
        the function messages_of_others
        the function messages_of_sender
        the function move_marks
        the function newest_messages
        the function newest_of_each
        the function oldest_messages
        the function open
        the function other_bound
        the function prune
        the function record_removals
        the function remove_node
        the function rename
        the function renew_node
        the function resume_renaming
        the function select_before
        the function select_since
        the function set_least_marks
        the function set_marks
        the function trim_feed
        the function update_least_marks
        the function write
        the index conversations_direct, unique
        the index conversations_pkey, unique
        the index conversations_tenant_id_id_key, unique
        the index duties_pkey, unique
        the index feed_pkey, unique
        the index messages_client_message_id, unique
        the index messages_pkey, unique
        the index messages_sender
        the index nodes_pkey, unique
        the index participants_activity
        the index participants_change
        the index participants_pkey, unique
        the index participants_user
        the index retention_pkey, unique
        the index store_pkey, unique
        the index users_pkey, unique
        the index users_renaming
        the sequence conversations_key_seq in steps of 1
        the sequence position in steps of 1024
        """.split(separator: "\n").map(String.init)
}
