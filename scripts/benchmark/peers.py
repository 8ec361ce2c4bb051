"""The row about a peer: the same polls and sends on Hummingbird with GRDB, the ordinary way, in turn with Postbox. See the folder peer."""

import contextlib
import os
import sqlite3
import subprocess
import sys

import data
import report
import servers
from audit import Audit
from exchange import BASE, SECRET, ask_all, request
from load import Load, shuffled
from plans import CORRESPONDENTS, Plans
from witness import Correspondents

# What the peer needs, with the columns that `truth` and `audit` read. The list's tag is the latest change of the caller's conversations.
TABLES = """
    CREATE TABLE users (tenant_id TEXT NOT NULL DEFAULT '', id TEXT PRIMARY KEY, name TEXT, company TEXT) WITHOUT ROWID;
    CREATE TABLE conversations (
        tenant_id TEXT NOT NULL DEFAULT '', key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, last_n INTEGER NOT NULL,
        activity INTEGER NOT NULL, change INTEGER NOT NULL);
    CREATE TABLE participants (
        tenant_id TEXT NOT NULL DEFAULT '', user_id TEXT NOT NULL, conversation_key INTEGER NOT NULL REFERENCES conversations,
        read_up_to INTEGER NOT NULL, PRIMARY KEY (conversation_key, user_id)) WITHOUT ROWID;
    CREATE TABLE messages (
        conversation_key INTEGER NOT NULL REFERENCES conversations, n INTEGER NOT NULL, sender_id TEXT NOT NULL,
        content TEXT NOT NULL, sent_at_ms INTEGER NOT NULL, PRIMARY KEY (conversation_key, n)) WITHOUT ROWID;
    CREATE TABLE store (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO users (id, name, company) SELECT id, name, company FROM postbox.users;
    INSERT INTO conversations (key, id, last_n, activity, change)
        SELECT key, id, last_n, activity, change FROM postbox.conversations;
    INSERT INTO participants (user_id, conversation_key, read_up_to)
        SELECT user_id, conversation_key, read_up_to FROM postbox.participants;
    INSERT INTO messages SELECT conversation_key, n, sender_id, content, sent_at_ms FROM postbox.messages;
    INSERT INTO store SELECT 'change', max(change) FROM conversations;
    CREATE INDEX participants_user ON participants (user_id, conversation_key, read_up_to);
    ANALYZE;
"""

PEER = "Hummingbird with GRDB"
WORK = {
    "list-304": "idle list poll, 304",
    "messages-304": "idle messages poll, 304",
    "delta": "delta poll, one new message, 200",
    "newest": "newest page of 50",
    "cold-list": "list of 20 with 20 embedded each",
    "send": "send, 64 clients, on disk before each answer",
}


class Peer(servers.Server):
    """Serves a copy of a database of `TABLES`."""

    def __init__(self, program, folder, source):
        self.database = os.path.join(folder, "peer.sqlite")
        copy(source, self.database)
        self.audit = Audit(self.database)
        secret = os.path.join(folder, "peer-secret")
        with open(secret, "w", encoding="ascii") as file:
            file.write(SECRET)
        environment = {**os.environ, "LOG_LEVEL": "error"}
        super().__init__([program, self.database, secret], stdout=subprocess.PIPE, text=True, env=environment)

    def __exit__(self, kind, *rest):
        super().__exit__(kind, *rest)
        if kind is None:
            self.audit.check()


def copy(source, path):
    """Makes the peer's database of one of Postbox's."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("ATTACH ? AS postbox", (source,))
        # In one transaction: in many, it would take longer than what is measured.
        database.executescript(f"BEGIN; {TABLES} COMMIT;")


def measure(options, folder, table):
    source = data.ordinary(options.cache, options.program)
    with servers.Postbox(options.program, folder, source) as postbox, Peer(options.peer, folder, source) as peer:
        both = {"Postbox": postbox, "peer": peer}
        for server in both.values():
            ask_all(server.port, [request("GET", BASE, data.user(0))])
        rest = {name: server.memory() for name, server in both.items()}
        plans = {name: Plans(server) for name, server in both.items()}
        loads = {(name, work): prepared(folder, name, work, plans[name], both[name]) for name in both for work in WORK}
        measured = {key: [] for key in loads}
        for turn in range(options.rounds + 1):
            for name, work in shuffled(loads, turn):
                result = loads[name, work](turn, options.seconds if turn else 1)
                if turn:
                    measured[name, work].append(result)
                    print(f"round {turn}: {work}, {name}: {report.number(result.cpu, 2)} µs", file=sys.stderr)
        full = {name: server.memory() for name, server in both.items()}
    medians = {key: report.median(several) for key, several in measured.items()}
    for work, title in WORK.items():
        ours, theirs = medians["Postbox", work], medians["peer", work]
        table.row(
            f"*{title}: {PEER}*", "",
            f"CPU {theirs.cpu / ours.cpu:.1f} × Postbox's {ours.cpu:.1f} µs; {theirs.rate / ours.rate:.0%} of its {ours.rate:,.0f}/s; "
            f"its p50 {ours.p50:.2f} ms, p99 {ours.p99:.1f} ms", None, figures=theirs)
    told = {name: f"{rest[name] / 1e6:.1f} MB / {full[name] / 1e6:.1f} MB" for name in both}
    table.row(f"*memory after one request / after all of these: {PEER}*", "", f"{told['peer']}; Postbox {told['Postbox']}", None)
    return postbox.audit + peer.audit


def prepared(folder, name, work, plans, server):
    """Runs that load once, of a number and for so many seconds."""
    make = {
        "list-304": lambda: plans.idle(plans.lists()), "messages-304": lambda: plans.idle(plans.messages()),
        "delta": lambda: plans.fresh(plans.deltas()), "newest": lambda: plans.fresh(plans.newest()),
        "cold-list": lambda: plans.fresh(plans.cold_lists()),
    }
    if work in make:
        load = Load(folder, f"{name}-{work}", make[work](), server.audit)
        return lambda _, seconds: load.run(server, seconds)

    def send(turn, seconds):
        asked = plans.sends(f"{name}-{turn}")
        result = Load(folder, f"{name}-{work}-{turn}", asked, server.audit).run(
            server, seconds, Correspondents(server, server.audit, CORRESPONDENTS))
        server.settle()
        return result

    return send
