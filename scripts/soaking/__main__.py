"""Runs one server under a mixed load, and tells whether it is as good at the end as it was at the beginning; see scripts/soak."""

import argparse
import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile

import strangers
from connection import Connection
from figures import Figures
from commands import PREFIX, Operator
from people import Ledger, Poller, Writer, Wrong

PEOPLE = [f"user-{number}" for number in range(24)]
TALKS = {f"conv-{number}": [PEOPLE[number % 24], PEOPLE[(number + 1) % 24], PEOPLE[(number * 5 + 7) % 24]] for number in range(48)}
FEW, ROUNDS_OF_HOSTILITY = 3, 6


def talks_of(user):
    return [talk for talk, people in TALKS.items() if user in people]


class Server:
    def __init__(self, program, folder):
        self.database = os.path.join(folder, "postbox.sqlite")
        self.log_path = os.path.join(folder, "log")
        command = [program, "serve", "--identity", "demo", "--port", "0", "--admin", "127.0.0.1:0", "--database", self.database]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
        self.port, self.admin = (int(self.process.stdout.readline().split("/metrics")[0].rsplit(":", 1)[1]) for _ in range(2))

    async def metric(self, name):
        connection = Connection(self.admin)
        _, _, body = await connection.ask("GET", "/metrics")
        await connection.close()
        return float(re.search(rf"^{re.escape(name)} (\S+)$", body.decode(), re.MULTILINE).group(1))

    async def ready(self):
        connection = Connection(self.port)
        status, _, _ = await connection.ask("GET", "/readyz")
        await connection.close()
        return status == 200

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


async def soak(server, options, figures, ledger):
    over = asyncio.Event()
    port = server.port
    for talk, people in TALKS.items():
        await Writer(port, people[0], [talk], ledger).send(talk, people)
    # Every seventh comes anew for each round of polls; some have the page open in several tabs.
    pollers = [
        Poller(port, user, talks_of(user)[:FEW], ledger, reconnects=index % 7 == 0)
        for index, user in enumerate(PEOPLE * options.tabs)
    ]
    work = [poller.run(options.pause, over) for poller in pollers]
    work += [Writer(port, user, talks_of(user), ledger).run(1.5, over) for user in PEOPLE]
    work += [strangers.run(port, ledger, 0.5, over) for _ in range(ROUNDS_OF_HOSTILITY)]
    if options.commands:
        work.append(Operator(options.program, server.database, os.path.dirname(server.database), ledger).run(20, over))
    tasks = [asyncio.create_task(part) for part in work]
    seconds = options.minutes * 60
    steps = max(9, int(options.minutes * 2))
    for _ in range(steps + 1):
        figures.take(ledger.counts, int(await server.metric("postbox_connections_open")))
        done, _ = await asyncio.wait(tasks, timeout=seconds / steps, return_when=asyncio.FIRST_EXCEPTION)
        if done:
            break
        if not await server.ready():
            raise Wrong("it is not ready")
    over.set()
    await asyncio.gather(*tasks)
    for poller in pollers:
        await poller.audit()
        await poller.connection.close()


def audit_file(server, ledger):
    database = sqlite3.connect(server.database)
    found = database.execute("PRAGMA integrity_check").fetchall()
    if found != [("ok",)]:
        raise Wrong(f"integrity_check: {found}")
    (stored,) = database.execute(
        "SELECT count(*) FROM messages JOIN conversations c ON c.key = conversation_key WHERE c.id NOT LIKE ?", (f"{PREFIX}%",)
    ).fetchone()
    if stored != len(ledger.sent):
        raise Wrong(f"{stored} messages are stored, and {len(ledger.sent)} were acknowledged")
    database.close()


def main():
    parser = argparse.ArgumentParser(prog="soak", description="Postbox under a mixed load, audited.")
    parser.add_argument("--minutes", type=float, default=30, help="how long the load lasts")
    parser.add_argument("--pause", type=float, default=2, help="how many seconds a poller waits between two rounds")
    parser.add_argument("--tabs", type=int, default=4, help="how many pollers each of the 24 people has")
    parser.add_argument("--commands", action="store_true", help="whether import, erase, prune and backup run beside it")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    # Whoever ends it early must not leave a server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended early"))
    found = []
    ledger = Ledger()
    with tempfile.TemporaryDirectory(prefix="postbox-soak-") as folder:
        server = Server(options.program, folder)
        figures = Figures(server.process.pid, server.database)
        try:
            asyncio.run(soak(server, options, figures, ledger))
        except (Wrong, OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            found.append(str(error) or repr(error))
        finally:
            code = server.stop()
        if code != 0:
            found.append(f"the server ended with {code}")
        try:
            if not found:
                audit_file(server, ledger)
        except Wrong as error:
            found.append(str(error))
        with open(server.log_path, encoding="utf-8") as log:
            lines = log.read().splitlines()
    found += figures.verdict()
    print(figures.table())
    print(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in ledger.counts.items()))
    print(f"{len(lines)} log lines" + "".join(f"\n  {line}" for line in lines[:10]))
    print("FAILED: " + "; ".join(found) if found else "Flat, and everything acknowledged is there once.")
    sys.exit(1 if found else 0)


main()
