import GRDB
import Messaging

/// The tables, and the migrations from any earlier version.
enum Schema {
    /// "Post": tells the file apart from databases of other programs.
    static let applicationID: UInt32 = 0x506F_7374
    /// The version these migrations lead to; it grows by one with each.
    static let version: UInt32 = 5

    /// Migrates the database to the present version; returns whether it has a newer one instead.
    ///
    /// It uses a separate connection, closed before any other opens, while a new file still has a rollback journal. In WAL mode the
    /// header would be in the log until a checkpoint, and a crash before that would leave a file without the mark of this program. For
    /// the same reason the first commit is the mark alone: the migrator begins with its own commit.
    ///
    /// - Parameters:
    ///   - random: the source of a new database's epoch.
    ///   - cursorKey: the cursor key of a database that has none yet.
    static func prepare(path: String, random: UInt64, cursorKey: CursorKey) throws -> Bool {
        var configuration = Configuration()
        // The process that closes the database last removes its log, and holds a lock for that.
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let migrator = migrator(random: random, cursorKey: cursorKey)
        let isNewer = try queue.read(migrator.hasBeenSuperseded)
        if !isNewer {
            try queue.writeWithoutTransaction { db in
                // Only an empty file comes this far without the mark.
                guard try UInt32.fetchOne(db, sql: "PRAGMA application_id") != applicationID else { return }
                try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            }
            try migrator.migrate(queue)
        }
        try queue.close()
        return isNewer
    }

    /// Each migration is one transaction.
    static func migrator(random: UInt64, cursorKey: CursorKey) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { db in
            try db.execute(sql: tables)
            try db.execute(
                sql: "INSERT INTO store (key, value) VALUES ('epoch', ?), ('change', 0)",
                arguments: [Epoch(random: random).text])
            try db.execute(sql: "PRAGMA user_version = 1")
        }
        // A column added changes no key, so that none has to be looked at again.
        migrator.registerMigration("v2", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: pruning)
            try db.execute(sql: "PRAGMA user_version = 2")
        }
        migrator.registerMigration("v3", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: version3)
            try LongLists(db: db).lengthenAll()
            try StoredCursorKey(db: db).insert(cursorKey)
            try db.execute(sql: "PRAGMA user_version = 3")
        }
        migrator.registerMigration("v4", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: pruningMoment)
            try db.execute(sql: "PRAGMA user_version = 4")
        }
        migrator.registerMigration("v5", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: removals)
            try db.execute(sql: "PRAGMA user_version = 5")
        }
        return migrator
    }

    private static let pruning = """
        -- The number up to which messages were pruned.
        ALTER TABLE conversations ADD COLUMN pruned_up_to INTEGER NOT NULL DEFAULT 0
            CHECK (pruned_up_to BETWEEN 0 AND last_n)
        """

    private static let pruningMoment = """
        -- Messages sent before this moment were pruned; NULL where none were, or where a version pruned them that did not note it.
        ALTER TABLE conversations ADD COLUMN pruned_before_ms INTEGER
        """

    private static let removals = """
        -- How often messages that clients may have lost their content: cursors of the conversation carry it.
        ALTER TABLE conversations ADD COLUMN revision INTEGER NOT NULL DEFAULT 0 CHECK (revision >= 0);

        -- How long the messages of a tenant are kept, such as '2y', where that differs from what the server is started with; NULL for ever.
        CREATE TABLE retention (
            tenant_id TEXT NOT NULL PRIMARY KEY,
            age TEXT
        ) STRICT, WITHOUT ROWID
        """

    private static let tables = """
        -- 'epoch': changes when the store is restored; 'change': the latest change number handed out.
        CREATE TABLE store (
            key TEXT NOT NULL PRIMARY KEY,
            value ANY NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE users (
            tenant_id TEXT NOT NULL,
            id TEXT NOT NULL CHECK (id <> ''),
            name TEXT,
            company TEXT,
            PRIMARY KEY (tenant_id, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE conversations (
            key INTEGER PRIMARY KEY,
            tenant_id TEXT NOT NULL,
            id TEXT NOT NULL CHECK (id <> ''),
            -- The pair of a direct conversation, the lower id first; NULL for all others.
            direct_low TEXT,
            direct_high TEXT,
            opened_at_ms INTEGER NOT NULL,
            last_n INTEGER NOT NULL CHECK (last_n >= 0),
            -- The change number of the latest message, or of the opening.
            activity INTEGER NOT NULL CHECK (activity > 0),
            -- The change number of the latest change that every participant sees.
            change INTEGER NOT NULL CHECK (change >= activity),
            UNIQUE (tenant_id, id),
            CHECK ((direct_low IS NULL) = (direct_high IS NULL)),
            CHECK (direct_low IS NULL OR direct_low < direct_high)
        ) STRICT;
        CREATE UNIQUE INDEX conversations_direct ON conversations (tenant_id, direct_low, direct_high)
            WHERE direct_low IS NOT NULL;

        CREATE TABLE participants (
            conversation_key INTEGER NOT NULL REFERENCES conversations (key),
            user_id TEXT NOT NULL CHECK (user_id <> ''),
            tenant_id TEXT NOT NULL,
            read_up_to INTEGER NOT NULL CHECK (read_up_to >= 0),
            -- The change number of the latest change that only this participant sees.
            change INTEGER NOT NULL,
            PRIMARY KEY (conversation_key, user_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX participants_user ON participants (tenant_id, user_id);

        CREATE TABLE messages (
            conversation_key INTEGER NOT NULL REFERENCES conversations (key),
            n INTEGER NOT NULL CHECK (n > 0),
            sender_id TEXT NOT NULL,
            content TEXT NOT NULL,
            sent_at_ms INTEGER NOT NULL,
            client_message_id TEXT,
            -- The how-many-th message of its sender in this conversation.
            sender_n INTEGER NOT NULL CHECK (sender_n BETWEEN 1 AND n),
            PRIMARY KEY (conversation_key, n)
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX messages_client_message_id ON messages (conversation_key, sender_id, client_message_id)
            WHERE client_message_id IS NOT NULL;
        CREATE INDEX messages_sender ON messages (conversation_key, sender_id, n, sender_n);
        """
}

extension Schema {
    /// The additions of the third version, except for the rows that ``LongLists`` fills in.
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
        UPDATE conversations SET \(lowestReadMarks) WHERE participant_count IS NOT NULL;

        -- While a changed name is on its way through the user's conversations: the number of this renaming, the key of the conversation
        -- it has come to, and what those behind that still show.
        ALTER TABLE users ADD COLUMN renaming INTEGER;
        ALTER TABLE users ADD COLUMN renamed_up_to INTEGER;
        ALTER TABLE users ADD COLUMN former_name TEXT;
        ALTER TABLE users ADD COLUMN former_company TEXT;
        CREATE INDEX users_renaming ON users (tenant_id, id) WHERE renaming IS NOT NULL
        """

    /// The assignments that bring a conversation's two lowest read markers up to date.
    static let lowestReadMarks = """
        least_read_up_to = (SELECT min(read_up_to) FROM participants WHERE conversation_key = key),
            second_read_up_to = (SELECT read_up_to FROM participants WHERE conversation_key = key
                ORDER BY read_up_to LIMIT 1 OFFSET 1)
        """
}
