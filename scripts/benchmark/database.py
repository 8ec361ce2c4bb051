"""Reads what a server has stored, from a file or from a PostgreSQL, with the same statements."""

import ctypes
import functools
import sqlite3
import threading


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
        ("GLOB 'bench-*'", "LIKE 'bench-%'"),
        ("+sender_id", "sender_id"),
    )

    def __init__(self, database):
        self.lock = threading.Lock()
        self.connection = library().PQconnectdb(f"{database}&application_name=bench&options=-csearch_path%3Dpostbox".encode())
        if library().PQstatus(self.connection) != 0:
            raise OSError(library().PQerrorMessage(self.connection).decode())

    def execute(self, sql, values=()):
        for old, new in self.REWRITTEN:
            sql = sql.replace(old, new)
        for number in range(len(values)):
            sql = sql.replace("?", f"${number + 1}", 1)
        texts = (ctypes.c_char_p * len(values))(*(str(value).encode() for value in values))
        with self.lock:
            result = library().PQexecParams(self.connection, sql.encode(), len(values), None, texts, None, None, 0)
            try:
                return Rows(result, self.connection)
            finally:
                library().PQclear(result)

    def close(self):
        library().PQfinish(self.connection)


class Rows(list):
    """What a statement gave."""

    # By the number of a type in pg_type: its values as Python's own.
    MADE = {16: lambda text: text == "t", **dict.fromkeys((20, 21, 23), int), **dict.fromkeys((700, 701, 1700), float)}

    def __init__(self, result, connection):
        super().__init__()
        # PGRES_COMMAND_OK and PGRES_TUPLES_OK.
        if library().PQresultStatus(result) not in (1, 2):
            raise OSError(library().PQerrorMessage(connection).decode())
        made = [self.MADE.get(library().PQftype(result, field), str) for field in range(library().PQnfields(result))]
        for row in range(library().PQntuples(result)):
            self.append(tuple(
                None if library().PQgetisnull(result, row, field) else make(library().PQgetvalue(result, row, field).decode())
                for field, make in enumerate(made)))

    def fetchall(self):
        return self

    def fetchone(self):
        return self[0] if self else None


@functools.cache
def library():
    """libpq, with what its functions give where that is no number."""
    found = ctypes.CDLL("libpq.so.5")
    for name in ("PQconnectdb", "PQexecParams"):
        getattr(found, name).restype = ctypes.c_void_p
    for name in ("PQerrorMessage", "PQgetvalue"):
        getattr(found, name).restype = ctypes.c_char_p
    first = [ctypes.c_void_p]
    for name in ("PQstatus", "PQerrorMessage", "PQfinish", "PQclear", "PQresultStatus", "PQnfields", "PQntuples"):
        getattr(found, name).argtypes = first
    found.PQftype.argtypes = [*first, ctypes.c_int]
    for name in ("PQgetvalue", "PQgetisnull"):
        getattr(found, name).argtypes = [*first, ctypes.c_int, ctypes.c_int]
    found.PQexecParams.argtypes = [
        *first, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int,
    ]
    return found
