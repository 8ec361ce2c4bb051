"""Reads what a server has stored, from a file or from a PostgreSQL, with the same statements."""

import sqlite3


def connect(database):
    """Something with `execute(sql, values)`; any thread may use it."""
    if database.startswith("postgresql:"):
        return Postgres(database)
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, check_same_thread=False)


class Postgres:
    """Statements as SQLite takes them, as PostgreSQL takes them: there each key begins with the tenant."""

    REWRITTEN = (
        ("ON c.key = p.conversation_key", "ON c.key = p.conversation_key AND c.tenant_id = p.tenant_id"),
        ("conversation_key = c.key", "tenant_id = c.tenant_id AND conversation_key = c.key"),
        ("conversation_key = ?", "tenant_id = '' AND conversation_key = ?"),
        ("GLOB 'bench-*'", "LIKE 'bench-%%'"),
        ("+sender_id", "sender_id"),
        ("?", "%s"),
    )

    def __init__(self, database):
        # Installed by scripts/bench where a PostgreSQL is measured.
        import psycopg2

        self.connection = psycopg2.connect(database, application_name="bench", options="-c search_path=postbox")
        self.connection.autocommit = True

    def execute(self, sql, values=()):
        for old, new in self.REWRITTEN:
            sql = sql.replace(old, new)
        cursor = self.connection.cursor()
        cursor.execute(sql, tuple(values))
        return cursor

    def close(self):
        self.connection.close()
