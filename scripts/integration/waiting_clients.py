"""Clients of the audit of waiting polls: who waits, and who gives them something to wait for."""

import http.client
import json
import random
import signal
import threading
import time
import urllib.parse
import uuid

CONVERSATIONS = "/api/messages/conversations"


def path_of(conversation, rest=""):
    return f"{CONVERSATIONS}/{urllib.parse.quote(conversation, safe='')}{rest}"


class Lost(Exception):
    """There was no answer, which the end of a server explains."""


class Client:
    """Somebody with one connection at a time, from before the first server to after the last."""

    def __init__(self, audit, user):
        self.audit, self.user = audit, user
        self.connection = None
        # How many exchanges the connection has carried, and when the last one was over.
        self.carried, self.rests_since = 0, 0.0

    def ask(self, method, path, body=None, **fields):
        """Asks once; returns the moments before and after, the status, the header fields and the body."""
        begun = time.monotonic()
        try:
            if self.connection is None:
                self.carried = 0
                self.connection = self.audit.connect()
                self.connection.connect()
            self.connection.request(method, path, body, {"X-User-ID": self.user} | fields)
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            self.audit.lost(self, error, begun)
            raise Lost from error
        self.carried, self.rests_since = self.carried + 1, time.monotonic()
        if response.headers.get("Connection", "").lower() == "close":
            self.hang_up()
        return begun, self.rests_since, response.status, response.headers, json.loads(content) if content else None

    def __str__(self):
        return self.user

    def hang_up(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def run(self):
        while not self.audit.is_over:
            try:
                self.work()
            except Lost:
                time.sleep(0.005)
        self.hang_up()


class Sender(Client):
    """Sends, and marks as read; what got no answer is sent again under the same key."""

    def __init__(self, audit, user):
        super().__init__(audit, user)
        self.pending = None

    def work(self):
        if not self.audit.is_busy.wait(0.1):
            return
        if self.pending is None:
            key = str(uuid.uuid4())
            conversation = random.choice(self.audit.conversations)
            self.pending = conversation, {"content": f"{key} 👋", "clientMessageId": key, "participantIds": self.audit.others(self.user)}
        conversation, message = self.pending
        self.audit.in_flight(1)
        try:
            fields = {"Content-Type": "application/json"}
            begun, _, status, _, answer = self.ask("POST", path_of(conversation, "/messages"), json.dumps(message), **fields)
        finally:
            self.audit.in_flight(-1)
        if status == 201:
            self.audit.acknowledged[answer["id"]] = message["content"]
            self.pending = None
        elif status != 503:
            self.audit.complain(f"{status} for a send: {answer}")
        if random.random() < 0.2:
            self.audit.in_flight(1)
            try:
                self.ask("PUT", path_of(random.choice(self.audit.conversations), "/read"))
            finally:
                self.audit.in_flight(-1)
        time.sleep(random.uniform(0, 0.1))


class Waiter(Client):
    """Polls one URL and waits; by cursor it merges what is new, by entity tag it has what it was last given."""

    def __init__(self, audit, user, path, by_cursor):
        super().__init__(audit, user)
        self.path, self.by_cursor = path, by_cursor
        self.lock = threading.Lock()
        self.known = {}
        self.condition = None
        self.counts = {"news": 0, "time over": 0, "stop": 0}

    def work(self):
        wait = random.choice([1, 1, 30])
        path, fields = self.path, {"Prefer": f"wait={wait}"}
        if self.condition and self.by_cursor:
            path += ("&" if "?" in path else "?") + f"since={self.condition}"
        elif self.condition:
            fields["If-None-Match"] = self.condition
        begun, ended, status, headers, body = self.ask("GET", path, **fields)
        if status not in (200, 304):
            return self.audit.complain(f"{status} for {self}: {body}")
        if headers["Preference-Applied"] != f"wait={wait}":
            self.audit.complain(f"{self} was told {headers['Preference-Applied']}, having asked to wait {wait} s")
        if self.condition is None or body:
            self.counts["news"] += 1
            return self.merge(headers, body, status)
        self.check_empty(begun, ended, wait, int(headers["X-Poll-Interval"]))

    def check_empty(self, begun, ended, wait, interval):
        """An answer with nothing new comes when the time is over, or when the server stops."""
        if interval == 0:
            self.counts["time over"] += 1
            # Under load an answer may come late, never early.
            if not wait - 0.01 <= ended - begun <= wait + 3:
                self.audit.complain(f"{self} had nothing new after {ended - begun:.3f} s, having asked to wait {wait} s")
        elif self.audit.ended(signal.SIGTERM, begun, ended):
            self.counts["stop"] += 1
        else:
            self.audit.complain(f"{self} was sent away by a server that did not stop")

    def merge(self, headers, body, status):
        entries = [body] if isinstance(body, dict) else body
        found = {entry["id"]: entry for entry in entries}
        condition = headers["X-Cursor" if self.by_cursor else "ETag"]
        # What a read marker changes may be in messages that a list or a page does not show.
        shows_all = self.by_cursor and "/messages?" in self.path
        is_new = any(self.known.get(name) != entry for name, entry in found.items())
        if condition == self.condition or (self.condition and shows_all and not is_new):
            self.audit.complain(f"{self} was answered {status} with what it has")
        with self.lock:
            self.known = self.known | found if self.by_cursor else found
            self.condition = condition

    def is_current(self):
        """Whether it has all that somebody gets who asks for the first time."""
        try:
            _, _, status, _, body = Client(self.audit, self.user).ask("GET", self.path)
        except Lost:
            return False
        entries = [body] if isinstance(body, dict) else body
        with self.lock:
            return status == 200 and self.known == {entry["id"]: entry for entry in entries}

    def __str__(self):
        return f"{self.user}'s poll of {self.path} by {'cursor' if self.by_cursor else 'tag'}"
