import Messaging

extension Schema {
    /// What the third version adds, but for the rows that ``LongLists`` fills in.
    static let version3 = """
        -- In a list that is too long to be read whole, a copy of the conversation's activity; `change` is the latest change of both
        -- tables there. 0 where the conversation has too many copies already, NULL in all other lists.
        ALTER TABLE participants ADD COLUMN activity INTEGER;
        CREATE INDEX participants_activity ON participants (tenant_id, user_id, activity) WHERE activity IS NOT NULL;
        CREATE INDEX participants_change ON participants (tenant_id, user_id, change) WHERE activity > 0;

        -- How many of its participants' rows have a copy of the activity.
        ALTER TABLE conversations ADD COLUMN activity_copies INTEGER NOT NULL DEFAULT 0 CHECK (activity_copies >= 0);
        -- How many take part, and the two least read markers among them; NULL where the rows of all are read.
        ALTER TABLE conversations ADD COLUMN participant_count INTEGER;
        ALTER TABLE conversations ADD COLUMN least_read_up_to INTEGER;
        ALTER TABLE conversations ADD COLUMN second_read_up_to INTEGER;
        UPDATE conversations SET participant_count =
            (SELECT count(*) FROM participants WHERE conversation_key = key)
        WHERE key IN (SELECT conversation_key FROM participants
            GROUP BY conversation_key HAVING count(*) > \(ConversationSummary.mostPeople));
        UPDATE conversations SET \(leastMarks) WHERE participant_count IS NOT NULL;

        -- While a changed name is on its way through the user's conversations: the number of this renaming, the key of the conversation
        -- it has come to, and what those behind that still show.
        ALTER TABLE users ADD COLUMN renaming INTEGER;
        ALTER TABLE users ADD COLUMN renamed_up_to INTEGER;
        ALTER TABLE users ADD COLUMN former_name TEXT;
        ALTER TABLE users ADD COLUMN former_company TEXT;
        CREATE INDEX users_renaming ON users (tenant_id, id) WHERE renaming IS NOT NULL
        """

    /// The assignments that bring a conversation's two least read markers up to date.
    static let leastMarks = """
        least_read_up_to = (SELECT min(read_up_to) FROM participants WHERE conversation_key = key),
            second_read_up_to = (SELECT read_up_to FROM participants WHERE conversation_key = key
                ORDER BY read_up_to LIMIT 1 OFFSET 1)
        """
}
