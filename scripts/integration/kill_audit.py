"""Sends, reads and polls in parallel, ends the server at random moments, and then audits what was acknowledged.

Every `201` must be in the database exactly once, under the id and with the content that was acknowledged;
nothing may be there that nobody sent; `n` has no gaps; no read marker has gone back; cursors from before an end
lead on after it, to the same picture that a fresh snapshot gives; and `postbox check` finds the database whole.
"""

import argparse
import collections
import http.client
import json
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid

from kill_clients import CONVERSATIONS, Follower, Reader
from kill_server import Server

PEOPLE = ["alice", "bob", "carol", "dave"]
SENDERS = 8


class Sender:
    """One of those who send at the same time; what got no answer is sent again in the next round."""

    def __init__(self, audit, user):
        self.audit = audit
        self.user = user
        self.pending = None

    def send_until_the_end(self, server, conversations):
        connection = server.connect()
        try:
            while True:
                if self.pending is None:
                    self.pending = self.audit.attempt(self.user, random.choice(conversations))
                self.deliver(connection)
                self.pending = None
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            # No answer, or half of one: it was not acknowledged, and must not matter.
            pass
        finally:
            connection.close()

    def deliver(self, connection):
        conversation, message = self.pending
        path = f"{CONVERSATIONS}/{urllib.parse.quote(conversation, safe='')}/messages"
        headers = {"X-User-ID": self.user, "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(message), headers)
        response = connection.getresponse()
        body = response.read()
        if response.status == 503:
            raise ConnectionError("stopping")
        if response.status != 201:
            self.audit.complain(f"{response.status} for a send: {body!r}")
            raise ConnectionError("refused")
        self.audit.acknowledge(self.user, conversation, message, json.loads(body))


class Audit:
    def __init__(self):
        self.lock = threading.Lock()
        self.attempts = {}
        self.acknowledged = {}
        self.complaints = []

    def complain(self, complaint):
        with self.lock:
            self.complaints.append(complaint)

    def attempt(self, user, conversation):
        key = str(uuid.uuid4())
        # Some span several pages of the database, so that half of one would show.
        content = f"{key} 👋 " + random.choice(["", "é" * 50, 'x"\n' * 3000])
        others = [person for person in PEOPLE if person != user]
        message = {"content": content, "clientMessageId": key, "participantIds": others}
        with self.lock:
            self.attempts[key] = (user, conversation, content)
        return conversation, message

    def acknowledge(self, user, conversation, message, answer):
        key = message["clientMessageId"]
        with self.lock:
            for name, expected in (
                ("conversationId", conversation),
                ("senderId", user),
                ("content", message["content"]),
                ("clientMessageId", key),
            ):
                if answer.get(name) != expected:
                    self.complaints.append(f"{key} was acknowledged with another {name}")
            if self.acknowledged.setdefault(key, answer["id"]) != answer["id"]:
                self.complaints.append(f"{key} was acknowledged under two ids")

    def check(self, where, rows):
        """`rows`: conversation, n, sender, content and key of every message, in order."""
        found = collections.Counter()
        numbers = collections.defaultdict(list)
        for conversation, n, user, content, key in rows:
            found[key] += 1
            numbers[conversation].append(n)
            if self.attempts.get(key) != (user, conversation, content):
                self.complain(f"{where}: {conversation}:{n} is not what was sent")
            if self.acknowledged.get(key, f"{conversation}:{n}") != f"{conversation}:{n}":
                self.complain(f"{where}: {key} is {conversation}:{n}, acknowledged as {self.acknowledged[key]}")
        for key, count in found.items():
            if count != 1:
                self.complain(f"{where}: {key} is there {count} times")
        for key in self.acknowledged.keys() - found.keys():
            self.complain(f"{where}: {key}, acknowledged as {self.acknowledged[key]}, is lost")
        for conversation, found_numbers in numbers.items():
            if found_numbers != list(range(1, len(found_numbers) + 1)):
                self.complain(f"{where}: {conversation} has gaps or is out of order")


def over_http(server, user):
    """Every message as a client gets it that follows the cursors from the beginning."""
    connection = server.connect()

    def get(path):
        connection.request("GET", path, headers={"X-User-ID": user})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"{response.status} for {path}: {body!r}")
        return json.loads(body), response.headers["X-Cursor"]

    listed, _ = get(f"{CONVERSATIONS}?limit=500&messages=0")
    for conversation in listed:
        path = f"{CONVERSATIONS}/{urllib.parse.quote(conversation['id'], safe='')}/messages?limit=500&since="
        cursor = "0"
        while True:
            page, cursor = get(path + cursor)
            if not page:
                break
            for message in page:
                n = int(message["id"].rsplit(":", 1)[1])
                yield conversation["id"], n, message["senderId"], message["content"], message.get("clientMessageId")
    connection.close()


def stored(database, sql):
    """The rows of a statement, from a file or from a PostgreSQL."""
    if not database.startswith("postgresql://"):
        return sqlite3.connect(database).execute(sql)
    return from_postgres(database, sql)


def from_postgres(database, sql):
    # One row of JSON a line, so that a text may hold anything.
    command = ["psql", "-XAtq", "--set", "ON_ERROR_STOP=1", "--dbname", database]
    command += ["--command", "SET search_path = postbox", "--command", f"SELECT row_to_json(r) FROM ({sql}) r"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\n")
    return [tuple(json.loads(line).values()) for line in lines if line]


def end_lease(database):
    """What time does by itself, after up to 10 s."""
    sql = "DELETE FROM postbox.nodes"
    subprocess.run(["psql", "-XAtq", "--set", "ON_ERROR_STOP=1", "--dbname", database, "--command", sql], check=True)


def on_disk(database):
    return stored(
        database,
        """SELECT conversations.id, n, sender_id, content, client_message_id
           FROM messages JOIN conversations ON conversations.key = messages.conversation_key
           ORDER BY conversations.key, n""",
    )


def markers_on_disk(database):
    for conversation, user, mark in stored(
        database,
        """SELECT conversations.id, user_id, read_up_to
           FROM participants JOIN conversations ON conversations.key = participants.conversation_key""",
    ):
        yield (conversation, user), mark


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("database")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--end-lease", action="store_true", help="with PostgreSQL, do not wait for the end of the lease each time")
    parser.add_argument("--signal", choices=["KILL", "TERM"], default="KILL")
    options = parser.parse_args()
    number = signal.Signals[f"SIG{options.signal}"]
    # Whoever ends the audit early must not leave a server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended early"))

    audit = Audit()
    readers = [Reader(audit, user) for user in PEOPLE[1:3]]
    followers = [Follower(audit, user) for user in PEOPLE[:2]]
    senders = [Sender(audit, PEOPLE[index % len(PEOPLE)]) for index in range(SENDERS)]
    for round_number in range(options.rounds):
        server = Server(options.program, options.database)
        # A conversation of its own in each round, so that some are being opened when the end comes.
        conversations = ["conv-1", "conv 2/ä", "conv-3", f"round-{round_number}"]
        arguments = (server, conversations)
        works = [sender.send_until_the_end for sender in senders] + [client.run for client in readers + followers]
        threads = [threading.Thread(target=work, args=arguments, daemon=True) for work in works]
        for thread in threads:
            thread.start()
        time.sleep(random.uniform(0.02, 0.8))
        server.end(number)
        for thread in threads:
            thread.join(timeout=20)
        if options.end_lease:
            end_lease(options.database)

    server = Server(options.program, options.database)
    audit.check("over HTTP", over_http(server, "alice"))
    for follower in followers:
        follower.check(server)
    server.end(signal.SIGTERM)

    audit.check("on disk", on_disk(options.database))
    marks = dict(markers_on_disk(options.database))
    for reader in readers:
        reader.check(marks)
    check = subprocess.run([options.program, "check", "--database", options.database], stdout=subprocess.PIPE, text=True, check=False)
    if check.returncode != 0:
        audit.complain(f"check: {check.stdout}")
    if len(audit.acknowledged) < 10 * options.rounds:
        audit.complain(f"only {len(audit.acknowledged)} sends were acknowledged: this run proves nothing")

    if any(follower.deltas < options.rounds for follower in followers) or not all(reader.marks for reader in readers):
        audit.complain("hardly anybody read: this run proves little")

    print(
        f"{options.rounds} times SIG{options.signal}: {len(audit.attempts)} sends, "
        f"{len(audit.acknowledged)} acknowledged, {sum(len(reader.marks) for reader in readers)} markers, "
        f"{sum(follower.deltas for follower in followers)} deltas, {len(audit.complaints)} complaints"
    )
    sys.exit("\n".join(audit.complaints[:20]) if audit.complaints else 0)


main()
