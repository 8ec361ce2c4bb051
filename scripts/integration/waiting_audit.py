"""Polls wait while others send and mark as read, and the server is ended again and again; every answer is audited.

A poll that waits is answered if and only if its view has changed or its time is over; a server that stops answers it at once, and says
when to come again. Where the senders pause, everybody soon has what a fresh snapshot shows. Only kill -9 takes an answer away, and with a
socket that a service manager holds, not even that takes a connection attempt away.
"""

import argparse
import http.client
import random
import signal
import sys
import threading
import time
from collections import Counter

from kill_server import ManagedServer, Server
from waiting_clients import CONVERSATIONS, Client, Sender, Waiter, path_of

PEOPLE = ["alice", "bob", "carol"]
# Where nothing happens.
QUIET = "quiet"


class Audit:
    def __init__(self):
        self.lock = threading.Lock()
        self.conversations = [f"conv-{number}" for number in range(6)]
        self.acknowledged = {}
        self.complaints = []
        self.counts = Counter()
        self.is_busy = threading.Event()
        self.is_over = False
        self.writes = 0
        self.server = None
        self.is_managed = False
        # Signal, when it was sent, and when the next server was ready; nothing yet where that is to come.
        self.ends = []

    def complain(self, complaint):
        with self.lock:
            self.complaints.append(complaint)

    def others(self, user):
        return [person for person in PEOPLE if person != user]

    def in_flight(self, change):
        with self.lock:
            self.writes += change

    def connect(self):
        return http.client.HTTPConnection(self.server.host, int(self.server.port), timeout=45)

    def ended(self, number, since, until):
        """Whether a server was being ended with this signal at some moment between these."""
        return any(kind == number and since <= (over or until) and sent <= until for kind, sent, over in list(self.ends))

    def lost(self, client, error, begun):
        """Judges that there was no answer."""
        now = time.monotonic()
        since = client.rests_since if client.carried else begun
        was_killed, was_stopped = self.ended(signal.SIGKILL, since, now), self.ended(signal.SIGTERM, since, now)
        is_refused = client.carried == 0 and isinstance(error, ConnectionRefusedError)
        is_closed = isinstance(error, (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError))
        if was_killed and not is_refused:
            self.counts["killed"] += 1
        elif not self.is_managed and client.carried == 0 and (is_refused or is_closed) and (was_killed or was_stopped):
            # Nobody listens, or the listening socket was closed before the connection was accepted.
            self.counts["refused"] += 1
        elif client.carried and is_closed and was_stopped:
            # The connection was closed between two requests while the second one was on its way (RFC 9112, section 9.5).
            self.counts["crossed"] += 1
        else:
            self.complain(f"{client} got no answer after {now - begun:.3f} s and {client.carried} others: {error!r}")

    def end_server(self, number, options):
        self.ends.append((number, time.monotonic(), None))
        if self.is_managed:
            self.server.restart(number)
        else:
            self.server.end(number)
            self.server = Server(options.program, options.database, self.server.port)
        self.ends[-1] = (*self.ends[-1][:2], time.monotonic())

    def settle(self, waiters):
        """The senders pause: soon everybody has everything, and waits."""
        self.is_busy.clear()
        end = time.monotonic() + 10
        while self.writes and time.monotonic() < end:
            time.sleep(0.01)
        # A message that was committed is seen within a moment.
        end = time.monotonic() + 2
        behind = waiters
        while behind and time.monotonic() < end:
            behind = [waiter for waiter in behind if not waiter.is_current()]
        for waiter in behind:
            self.complain(f"{waiter} waits, although there is news")


def open_conversations(audit):
    client = Client(audit, PEOPLE[0])
    for conversation in [*audit.conversations, QUIET]:
        body = '{"content": "first", "participantIds": ["bob", "carol"]}'
        client.ask("POST", path_of(conversation, "/messages"), body, **{"Content-Type": "application/json"})
    client.hang_up()


def make_waiters(audit):
    for user in PEOPLE:
        yield Waiter(audit, user, f"{CONVERSATIONS}?messages=1&limit=500", by_cursor=True)
        yield Waiter(audit, user, f"{CONVERSATIONS}?messages=5", by_cursor=False)
        for conversation in [*audit.conversations[:2], QUIET]:
            yield Waiter(audit, user, path_of(conversation, "/messages?limit=500"), by_cursor=True)
            yield Waiter(audit, user, path_of(conversation, "/messages?limit=20"), by_cursor=False)
            yield Waiter(audit, user, path_of(conversation, "?messages=5"), by_cursor=False)


def check_messages(audit, waiters):
    """Who follows a conversation by cursor has every message that was acknowledged; where nothing happened, there was no news."""
    for waiter in waiters:
        if f"/{QUIET}" in waiter.path and waiter.counts["news"] != 1:
            audit.complain(f"{waiter} was answered {waiter.counts['news']} times with news, where there was none after the first")
    followed = [waiter for waiter in waiters if waiter.by_cursor and "/messages?" in waiter.path]
    for waiter in followed:
        for name, content in audit.acknowledged.items():
            if path_of(name.rpartition(":")[0], "/") in waiter.path and waiter.known.get(name, {}).get("content") != content:
                audit.complain(f"{waiter} lost {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("database")
    parser.add_argument("--managed", action="store_true")
    parser.add_argument("--rounds", type=int, default=16)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended early"))

    audit = Audit()
    audit.is_managed = options.managed
    audit.server = ManagedServer(options.program, options.database) if options.managed else Server(options.program, options.database)
    open_conversations(audit)
    waiters = list(make_waiters(audit))
    clients = waiters + [Sender(audit, user) for user in PEOPLE * 2]
    threads = [threading.Thread(target=client.run, daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    audit.is_busy.set()
    for number in range(options.rounds):
        time.sleep(random.uniform(0.05, 1.5))
        # Every other time it ends while all wait for something.
        if number % 2:
            audit.settle(waiters)
            time.sleep(random.uniform(0, 1.2))
        audit.end_server([signal.SIGTERM, signal.SIGKILL][number // 2 % 2], options)
        audit.is_busy.set()
    time.sleep(1.5)
    audit.settle(waiters)
    audit.is_over = True
    # Those who wait now are answered by the stop.
    audit.ends.append((signal.SIGTERM, time.monotonic(), None))
    audit.server.end() if options.managed else audit.server.end(signal.SIGTERM)
    for thread in threads:
        thread.join(timeout=20)
    check_messages(audit, waiters)

    counts = sum((Counter(waiter.counts) for waiter in waiters), Counter())
    for what, least in {"news": 20 * options.rounds, "time over": len(waiters), "stop": len(waiters)}.items():
        if counts[what] < least:
            audit.complain(f"only {counts[what]} waits ended with: {what}")
    print(f"{len(audit.acknowledged)} messages, {dict(counts)}, without an answer {dict(audit.counts)}, {len(audit.complaints)} complaints")
    sys.exit("\n".join(audit.complaints[:20]) if audit.complaints else 0)


main()
