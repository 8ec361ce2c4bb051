"""Clients that ask another node with each request, and audit what they are shown."""

import collections
import contextlib
import http.client
import json
import random
import threading
import time
import uuid

CONVERSATIONS = "/api/messages/conversations"
TALKS = ["conv-1", "conv-2", "conv-3"]
QUIET = "quiet"
PEOPLE = ["alice", "bob", "carol", "dave"]
PAGE = 500


def path_of(talk, rest="/messages"):
    return f"{CONVERSATIONS}/{talk}{rest}"


def number(message_id):
    return int(message_id.rsplit(":", 1)[1])


class Wrong(Exception):
    """Something that must not be."""


class Audit:
    """What was acknowledged to anybody, and what was wrong."""

    def __init__(self, nodes, pause=0):
        self.nodes = nodes
        # How many seconds a sender rests after each message.
        self.pause = pause
        self.lock = threading.Lock()
        self.over = threading.Event()
        # While it is not set, there are only idle polls.
        self.busy = threading.Event()
        self.busy.set()
        self.working = 0
        self.counts = collections.Counter()
        self.complaints = []
        self.acknowledged = {}
        # The greatest number that was acknowledged in each conversation; a poll that begins after that must not be answered without it.
        self.floor = collections.Counter()
        self.marks = {}
        self.moments = []
        # How often each cursor of each client was answered 410.
        self.expired = collections.Counter()

    def count(self, what, by=1):
        with self.lock:
            self.counts[what] += by

    def complain(self, complaint):
        with self.lock:
            self.complaints.append(complaint)

    def acknowledge(self, user, talk, message, answer):
        expected = {"conversationId": talk, "senderId": user, "content": message["content"], "clientMessageId": message["clientMessageId"]}
        for name, value in expected.items():
            if answer.get(name) != value:
                raise Wrong(f"{answer['id']} was acknowledged with another {name}")
        with self.lock:
            self.acknowledged[message["clientMessageId"]] = {"id": answer["id"], **expected}
            self.floor[talk] = max(self.floor[talk], number(answer["id"]))
            self.moments.append(time.monotonic())
            self.counts["sent"] += 1

    def longest_pause(self, begin, end):
        """For how long nobody's message was acknowledged, at most, between these moments."""
        moments = [begin] + [moment for moment in sorted(self.moments) if begin < moment < end] + [end]
        return max(later - earlier for earlier, later in zip(moments, moments[1:]))

    @contextlib.contextmanager
    def working_at(self, client):
        with self.lock:
            self.working += not client.is_idle
        try:
            yield
        finally:
            with self.lock:
                self.working -= not client.is_idle

    def run(self, client):
        def guarded():
            try:
                while not self.over.is_set():
                    if not client.is_idle:
                        self.busy.wait()
                    with self.working_at(client):
                        client.work()
            except (Wrong, ValueError, KeyError, TypeError) as error:
                self.complain(f"{client}: {error if isinstance(error, Wrong) else repr(error)}")

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        return thread


class Client:
    """Somebody who asks another node with each request, until one answers."""

    is_idle = False
    # For how many seconds an answer is awaited before another node is asked the same.
    patience = 4

    def __init__(self, audit, user):
        self.audit, self.user = audit, user
        self.connections = {}
        self.last = None

    def __str__(self):
        return f"{type(self).__name__} {self.user}"

    def ask_once(self, node, method, path, body=None, **headers):
        """The response and its body; None where there was no answer."""
        try:
            connection = self.connections.get(node.port)
            if connection is None:
                connection = self.connections[node.port] = http.client.HTTPConnection("127.0.0.1", node.port, timeout=self.patience)
            fields = {"X-User-ID": self.user, "Content-Type": "application/json"} | headers
            connection.request(method, path, body and json.dumps(body), fields)
            response = connection.getresponse()
            return response, response.read()
        except (OSError, http.client.HTTPException):
            self.connections.pop(node.port).close()
            return None

    def ask(self, method, path, body=None, **headers):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            node = random.choice([node for node in self.audit.nodes if node is not self.last])
            self.last = node
            answer = self.ask_once(node, method, path, body, **headers)
            if answer is None:
                self.audit.count("passed over")
            elif answer[0].status != 503:
                return answer[0], answer[1]
            elif not answer[0].headers["Retry-After"]:
                raise Wrong(f"a 503 that does not say when to come back: {answer[1]!r}")
            else:
                self.audit.count("refused")
            time.sleep(0.03)
        raise Wrong(f"no node has answered {method} {path} for 60 s")

    def refused(self, response, what, body):
        return Wrong(f"{response.status} from node {self.last} for {what}: {body!r}")


class Sender(Client):
    """Sends, and asks other nodes for it at once, with entity tags from before."""

    def __init__(self, audit, user):
        super().__init__(audit, user)
        self.tags, self.sent = {}, collections.Counter()

    def work(self):
        talk = random.choice(TALKS)
        content = f"{uuid.uuid4()} " + random.choice(["", "", "", "", "é👋" * 30, "x" * 3000, "x" * 9000])
        message = {"content": content, "clientMessageId": str(uuid.uuid4()), "participantIds": PEOPLE}
        response, body = self.ask("POST", path_of(talk), message)
        if response.status != 201:
            raise self.refused(response, "a send", body)
        answer = json.loads(body)
        self.audit.acknowledge(self.user, talk, message, answer)
        n = number(answer["id"])
        if n <= self.sent[talk]:
            raise Wrong(f"{answer['id']} was sent after {talk}:{self.sent[talk]}")
        self.sent[talk] = n
        self.look(talk, n)
        if self.audit.pause:
            time.sleep(random.uniform(0, 2 * self.audit.pause))

    def look(self, talk, n):
        path = random.choice([path_of(talk, "/messages?limit=20"), f"{CONVERSATIONS}?messages=20", path_of(talk, "?messages=20")])
        response, body = self.ask("GET", path, **({"If-None-Match": self.tags[path]} if path in self.tags else {}))
        self.audit.count("asked")
        if response.status == 304:
            raise Wrong(f"stale: 304 from node {self.last} for {path} after {talk}:{n} was acknowledged")
        if response.status != 200:
            raise self.refused(response, path, body)
        self.tags[path] = response.headers["ETag"]
        shown = json.loads(body)
        if "?messages" in path:
            shown = next(entry for entry in ([shown] if isinstance(shown, dict) else shown) if entry["id"] == talk)["messages"]
        if max(number(message["id"]) for message in shown) < n:
            raise Wrong(f"stale: 200 from node {self.last} for {path} without {talk}:{n}")


class Follower(Client):
    """Follows the cursor of one conversation, with the entity tag of the last answer, and merges what comes into what it has."""

    def __init__(self, audit, user, talk):
        super().__init__(audit, user)
        self.talk = talk
        self.forget()

    def __str__(self):
        return f"Follower {self.user} of {self.talk}"

    def forget(self):
        self.known, self.cursor, self.tag, self.asked = {}, None, None, None

    def work(self):
        floor = self.audit.floor[self.talk]
        since = f"&since={self.cursor}" if self.cursor else "&since=0"
        path = path_of(self.talk, f"/messages?limit={PAGE}{since}")
        fields = {"If-None-Match": self.tag} if self.asked == path else {}
        response, body = self.ask("GET", path, **fields)
        if response.status == 404 and not floor:
            return time.sleep(0.05)
        if response.status == 410 and self.cursor:
            self.audit.count("sent away")
            self.audit.expired[str(self)] += 1
            return self.forget()
        self.audit.count("not modified" if response.status == 304 else "polled")
        page = [] if response.status == 304 else json.loads(body)
        if response.status not in (200, 304):
            raise self.refused(response, path, body)
        self.merge(page)
        if len(page) < PAGE and max(self.known, default=0) < floor:
            raise Wrong(f"stale: {response.status} from node {self.last} for {path} though {self.talk}:{floor} was acknowledged")
        self.asked, self.tag = path, response.headers["ETag"]
        self.cursor = response.headers["X-Cursor"]
        time.sleep(random.uniform(0, 0.03))

    def merge(self, page):
        new = sorted(number(message["id"]) for message in page if number(message["id"]) not in self.known)
        if new != list(range(len(self.known) + 1, len(self.known) + 1 + len(new))):
            raise Wrong(f"{self.talk} has {len(self.known)} messages, and then came {new[:3]} to {new[-1]} from node {self.last}")
        for message in page:
            known = self.known.get(number(message["id"]))
            if known and (known["content"] != message["content"] or known["read"] and not message["read"]):
                raise Wrong(f"{message['id']} was another message before, or was read: {known} {message}")
            self.known[number(message["id"])] = message


class Reader(Client):
    """Marks as read, and asks another node whether it is so."""

    def work(self):
        talk = random.choice(TALKS)
        n = self.audit.floor[talk]
        if n == 0:
            return time.sleep(0.05)
        response, body = self.ask("PUT", path_of(talk, "/read"), {"upTo": f"{talk}:{n}"})
        if response.status != 200:
            raise self.refused(response, "a read marker", body)
        mark = number(json.loads(body)["readUpTo"])
        # Nobody else reads for this user.
        if mark < max(n, self.audit.marks.get((talk, self.user), 0)):
            raise Wrong(f"the read marker of {talk} is {mark}, after {self.audit.marks.get((talk, self.user))} and {n}")
        self.audit.marks[talk, self.user] = mark
        self.audit.count("marked")
        response, body = self.ask("GET", path_of(talk, "/messages?limit=20"))
        if response.status != 200:
            raise self.refused(response, "a page", body)
        received = [message for message in json.loads(body) if message["senderId"] != self.user]
        unread = [message["id"] for message in received if number(message["id"]) <= mark and not message["read"]]
        if unread:
            raise Wrong(f"{unread} are unread at node {self.last}, after {talk}:{mark} was marked")
        time.sleep(0.05)


class Idler(Client):
    """Polls a conversation where nothing happens."""

    is_idle = True

    def __init__(self, audit, user):
        super().__init__(audit, user)
        self.tag = None

    def work(self):
        response, body = self.ask("GET", path_of(QUIET), **({"If-None-Match": self.tag} if self.tag else {}))
        if response.status not in (200, 304):
            raise self.refused(response, "an idle poll", body)
        self.audit.count("idle " + str(response.status))
        self.tag = response.headers["ETag"]
        time.sleep(0.02)
