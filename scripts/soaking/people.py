"""Those who use the service as it is meant: they poll, follow cursors, send, read, and some come anew each time."""

import asyncio
import json
import random
import uuid

from connection import BASE, Connection


class Wrong(Exception):
    """An answer that must not be."""


def number(message_id):
    return int(message_id.rsplit(":", 1)[1])


class Ledger:
    """What was acknowledged to anybody, and how much happened."""

    def __init__(self):
        self.sent = {}
        self.markers = {}
        names = ["sends", "replays", "polls", "not_modified", "deltas", "reads", "limited", "hostile", "rounds_of_commands"]
        self.counts = dict.fromkeys(names, 0)

    def count(self, what):
        self.counts[what] += 1


class Poller:
    """A tab: polls its list with entity tags and its conversations with cursors, merging what comes into what it has."""

    def __init__(self, port, user, talks, ledger, reconnects):
        self.connection = Connection(port, user)
        self.user = user
        self.ledger = ledger
        self.reconnects = reconnects
        self.tag = None
        self.talks = {talk: {} for talk in talks}
        self.tags = {}
        self.next = {talk: f"{BASE}/{talk}/messages?since=0&limit=500" for talk in talks}

    async def poll_once(self):
        await self.poll_list()
        for talk in self.talks:
            await self.poll_messages(talk)
        if self.reconnects:
            await self.connection.close()

    async def poll_list(self):
        fields = {"If_None_Match": self.tag} if self.tag else {}
        status, answer, body = await self.connection.ask("GET", f"{BASE}?messages=3", **fields)
        self.ledger.count("polls")
        if status == 200:
            self.tag = answer["etag"]
            if not isinstance(json.loads(body), list):
                raise Wrong(f"a list that is none: {body!r}")
        elif status == 304 and self.tag:
            self.ledger.count("not_modified")
        elif status == 429:
            self.ledger.count("limited")
        else:
            raise Wrong(f"{status} for the list of {self.user}: {body!r}")

    async def poll_messages(self, talk):
        fields = {"If_None_Match": self.tags[talk]} if talk in self.tags else {}
        status, answer, body = await self.connection.ask("GET", self.next[talk], **fields)
        self.ledger.count("polls")
        if status == 200:
            known = self.talks[talk]
            for message in json.loads(body):
                known[message["id"]] = message
                self.ledger.count("deltas")
            self.next[talk] = f"{BASE}/{talk}/messages?limit=500&since={answer['x-cursor']}"
            self.tags[talk] = answer["etag"]
        elif status == 304 and fields:
            self.ledger.count("not_modified")
        elif status == 429:
            self.ledger.count("limited")
        else:
            raise Wrong(f"{status} for {self.next[talk]} of {self.user}: {body!r}")

    async def run(self, pause, over):
        await asyncio.sleep(random.uniform(0, pause))
        while not over.is_set():
            await self.poll_once()
            await asyncio.sleep(random.uniform(0.5, 1.5) * pause)

    async def audit(self):
        """A snapshot with every later delta merged into it equals a fresh snapshot."""
        for talk, known in self.talks.items():
            size = -1
            while size != self.ledger.counts["deltas"]:
                size = self.ledger.counts["deltas"]
                await self.poll_messages(talk)
            fresh = Poller(self.connection.port, self.user, [talk], Ledger(), False)
            size = -1
            while size != len(fresh.talks[talk]):
                size = len(fresh.talks[talk])
                await fresh.poll_messages(talk)
            await fresh.connection.close()
            if fresh.talks[talk] != known:
                raise Wrong(f"{self.user} has another picture of {talk} than a fresh snapshot")
            if sorted(map(number, known)) != list(range(1, len(known) + 1)):
                raise Wrong(f"{talk} has gaps")
            for message_id, (sender, content) in self.ledger.sent.items():
                if message_id.startswith(f"{talk}:"):
                    stored = known.get(message_id)
                    if stored is None or (stored["senderId"], stored["content"]) != (sender, content):
                        raise Wrong(f"{message_id} was acknowledged, and is not what {self.user} sees")


class Writer:
    """Sends, sends again with the same key now and then, and reads."""

    def __init__(self, port, user, talks, ledger):
        self.connection = Connection(port, user)
        self.user = user
        self.talks = talks
        self.ledger = ledger

    async def send(self, talk, participants=None):
        content = f"{uuid.uuid4()} " + random.choice(["Hello!", "é👋" * 20, "x" * 2000])
        message = {"content": content, "clientMessageId": str(uuid.uuid4())}
        if participants:
            message["participantIds"] = participants
        ids = set()
        for _ in range(random.choice([1, 1, 1, 2])):
            body = json.dumps(message).encode()
            status, answer, body = await self.connection.ask(
                "POST", f"{BASE}/{talk}/messages", body, Content_Type="application/json"
            )
            if status == 429:
                self.ledger.count("limited")
                return
            if status != 201:
                raise Wrong(f"{status} for a send of {self.user}: {body!r}")
            ids.add(json.loads(body)["id"])
            self.ledger.count("replays" if "idempotency-replayed" in answer else "sends")
        if len(ids) != 1:
            raise Wrong(f"one key, and the ids {ids}")
        self.ledger.sent[ids.pop()] = (self.user, content)

    async def read(self, talk):
        status, _, body = await self.connection.ask("PUT", f"{BASE}/{talk}/read")
        if status == 429:
            self.ledger.count("limited")
            return
        if status != 200:
            raise Wrong(f"{status} for a read marker of {self.user}: {body!r}")
        now, key = number(json.loads(body)["readUpTo"]), (self.user, talk)
        if now < self.ledger.markers.get(key, 0):
            raise Wrong(f"the marker of {self.user} in {talk} went back")
        self.ledger.markers[key] = now
        self.ledger.count("reads")

    async def run(self, pause, over):
        await asyncio.sleep(random.uniform(0, pause))
        while not over.is_set():
            await self.send(random.choice(self.talks))
            if random.random() < 0.4:
                await self.read(random.choice(self.talks))
            await asyncio.sleep(random.uniform(0.5, 1.5) * pause)
