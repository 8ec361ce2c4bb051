-- A database as the fourth version of the schema left it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES('v1');
INSERT INTO grdb_migrations VALUES('v2');
INSERT INTO grdb_migrations VALUES('v3');
INSERT INTO grdb_migrations VALUES('v4');
CREATE TABLE store (
    key TEXT NOT NULL PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO store VALUES('change',9);
INSERT INTO store VALUES('cursor_key',X'00112233445566778899aabbccddeeff');
INSERT INTO store VALUES('epoch','7m57uuv8');
CREATE TABLE users (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL CHECK (id <> ''),
    name TEXT,
    company TEXT, renaming INTEGER, renamed_up_to INTEGER, former_name TEXT, former_company TEXT,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO users VALUES('','alice','Alice Archer','Acme',NULL,NULL,NULL,NULL);
INSERT INTO users VALUES('','bob','Bob Baker','Globex',NULL,NULL,NULL,NULL);
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
    change INTEGER NOT NULL CHECK (change >= activity), pruned_up_to INTEGER NOT NULL DEFAULT 0
    CHECK (pruned_up_to BETWEEN 0 AND last_n), activity_copies INTEGER NOT NULL DEFAULT 0 CHECK (activity_copies >= 0), participant_count INTEGER, least_read_up_to INTEGER, second_read_up_to INTEGER, pruned_before_ms INTEGER,
    UNIQUE (tenant_id, id),
    CHECK ((direct_low IS NULL) = (direct_high IS NULL)),
    CHECK (direct_low IS NULL OR direct_low < direct_high)
) STRICT;
INSERT INTO conversations VALUES(1,'','conv-1',NULL,NULL,1733047200000,2,4,4,0,0,NULL,NULL,NULL,NULL);
INSERT INTO conversations VALUES(2,'','conv-2',NULL,NULL,1733133600000,1,5,5,0,0,NULL,NULL,NULL,NULL);
INSERT INTO conversations VALUES(3,'acme','conv-1',NULL,NULL,1733220000000,1,6,6,0,0,NULL,NULL,NULL,NULL);
INSERT INTO conversations VALUES(4,'','c-whrpylwocfvmtct4','alice','bob',1795614016388,1,8,8,0,0,NULL,NULL,NULL,NULL);
CREATE TABLE participants (
    conversation_key INTEGER NOT NULL REFERENCES conversations (key),
    user_id TEXT NOT NULL CHECK (user_id <> ''),
    tenant_id TEXT NOT NULL,
    read_up_to INTEGER NOT NULL CHECK (read_up_to >= 0),
    -- The change number of the latest change that only this participant sees.
    change INTEGER NOT NULL, activity INTEGER,
    PRIMARY KEY (conversation_key, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO participants VALUES(1,'alice','',2,9,NULL);
INSERT INTO participants VALUES(1,'bob','',1,9,NULL);
INSERT INTO participants VALUES(2,'alice','',0,0,NULL);
INSERT INTO participants VALUES(2,'bob','',0,0,NULL);
INSERT INTO participants VALUES(2,'carol','',0,0,NULL);
INSERT INTO participants VALUES(3,'alice','acme',0,0,NULL);
INSERT INTO participants VALUES(3,'dora','acme',0,0,NULL);
INSERT INTO participants VALUES(4,'alice','',0,0,NULL);
INSERT INTO participants VALUES(4,'bob','',0,0,NULL);
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
INSERT INTO messages VALUES(1,1,'alice','Hi',1733049000000,'old-1',1);
INSERT INTO messages VALUES(1,2,'bob','Hi yourself 👋',1733049060250,NULL,1);
INSERT INTO messages VALUES(2,1,'carol','A group',1733135400000,NULL,1);
INSERT INTO messages VALUES(3,1,'dora','Another tenant',1733221800000,NULL,1);
INSERT INTO messages VALUES(4,1,'alice','It''s direct',1795614017963,'k-1',1);
CREATE UNIQUE INDEX conversations_direct ON conversations (tenant_id, direct_low, direct_high)
    WHERE direct_low IS NOT NULL;
CREATE INDEX participants_user ON participants (tenant_id, user_id);
CREATE UNIQUE INDEX messages_client_message_id ON messages (conversation_key, sender_id, client_message_id)
    WHERE client_message_id IS NOT NULL;
CREATE INDEX messages_sender ON messages (conversation_key, sender_id, n, sender_n);
CREATE INDEX participants_activity ON participants (tenant_id, user_id, activity) WHERE activity IS NOT NULL;
CREATE INDEX participants_change ON participants (tenant_id, user_id, change) WHERE activity > 0;
CREATE INDEX users_renaming ON users (tenant_id, id) WHERE renaming IS NOT NULL;
COMMIT;
PRAGMA application_id = 1349481332;
PRAGMA user_version = 4;
