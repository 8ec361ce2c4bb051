"""Those who read while others send, from before one crash to after the next."""

import http.client
import json
import random
import urllib.parse

CONVERSATIONS = "/api/messages/conversations"


def number(message_id):
    return int(message_id.rsplit(":", 1)[1])


class Client:
    """Works until the server goes away, and is there again in the next round with what it remembers."""

    def __init__(self, audit, user):
        self.audit = audit
        self.user = user
        self.connection = None

    def run(self, server, conversations):
        self.connection = server.connect()
        try:
            while True:
                self.work(conversations)
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            # No answer, or half of one, is as good as none.
            pass
        finally:
            self.connection.close()

    def ask(self, method, path, **headers):
        self.connection.request(method, path, headers={"X-User-ID": self.user} | headers)
        response = self.connection.getresponse()
        body = response.read()
        if response.status == 503:
            raise ConnectionError("stopping")
        return response.status, response.headers, json.loads(body) if body else None


class Reader(Client):
    """Marks as read; remembers how far it was told that it had."""

    def __init__(self, audit, user):
        super().__init__(audit, user)
        self.marks = {}

    def work(self, conversations):
        conversation = random.choice(conversations)
        status, _, answer = self.ask("PUT", f"{CONVERSATIONS}/{urllib.parse.quote(conversation, safe='')}/read")
        if status == 404:
            return
        if status != 200:
            self.audit.complain(f"{status} for a read marker: {answer}")
            raise ConnectionError("refused")
        mark = number(answer["readUpTo"])
        if mark < self.marks.get(conversation, 0):
            self.audit.complain(f"{self.user} had read {conversation} up to {self.marks[conversation]}, and now up to {mark}")
        self.marks[conversation] = mark

    def check(self, stored):
        """`stored`: (conversation, user) to the marker on disk."""
        for conversation, mark in self.marks.items():
            found = stored.get((conversation, self.user), -1)
            if found < mark:
                self.audit.complain(f"{self.user} had read {conversation} up to {mark}, and on disk it is {found}")


class Follower(Client):
    """Follows cursors and merges what comes into what it has: it never fetches anything from the beginning again."""

    def __init__(self, audit, user):
        super().__init__(audit, user)
        self.list_cursor = None
        self.listed = {}
        self.cursors = {}
        self.messages = {}
        self.deltas = 0

    def work(self, _):
        for conversation in self.follow_list():
            self.follow_messages(conversation)

    def get(self, path, cursor):
        status, headers, answer = self.ask("GET", path + (f"&since={cursor}" if cursor else ""))
        if status != 200:
            self.audit.complain(f"{status} for {path} since {cursor}: {answer}")
            raise ConnectionError("refused")
        self.deltas += 1 if answer and cursor else 0
        return answer, headers["X-Cursor"]

    def follow_list(self):
        """Merges what has changed in the list, and answers which conversations that were."""
        changed = []
        while True:
            page, cursor = self.get(f"{CONVERSATIONS}?limit=500", self.list_cursor)
            for conversation in page:
                self.listed[conversation["id"]] = conversation
                changed.append(conversation["id"])
            self.list_cursor = cursor
            if not page:
                return changed

    def follow_messages(self, conversation):
        path = f"{CONVERSATIONS}/{urllib.parse.quote(conversation, safe='')}/messages?limit=500"
        known = self.messages.setdefault(conversation, {})
        while True:
            page, cursor = self.get(path, self.cursors.get(conversation, "0"))
            for message in page:
                known[message["id"]] = message
            self.cursors[conversation] = cursor
            if not page:
                return

    def check(self, server):
        """What it has, with the last deltas, must be what somebody gets who asks for the first time."""
        fresh = Follower(self.audit, self.user)
        for client in (self, fresh):
            client.connection = server.connect()
            client.follow_list()
            for conversation in client.listed:
                client.follow_messages(conversation)
            client.connection.close()
        if self.listed != fresh.listed:
            self.audit.complain(f"{self.user} has another list than a fresh one")
        for conversation, messages in fresh.messages.items():
            if self.messages.get(conversation) != messages:
                self.audit.complain(f"{self.user} has another picture of {conversation} than a fresh one")
        for conversation in fresh.listed.values():
            self.check_unread(conversation, fresh.messages[conversation["id"]].values())

    def check_unread(self, conversation, messages):
        unread = sum(1 for message in messages if not message["sent"] and not message["read"])
        if conversation["unread"] != unread:
            self.audit.complain(f"{self.user} has {unread} unread in {conversation['id']}, shown as {conversation['unread']}")
