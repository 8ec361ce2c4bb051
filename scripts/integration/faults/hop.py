"""Clients that ask another node with each request, and audit what they are shown.

`hop.py at-once WRITES ORIGIN…`: as many messages are sent, and each time another node, which has just said that nothing is new, is asked
at once whether that is still so. Prints how many of those answers were stale, and fails where any was.

`hop.py talk SECONDS LEDGER ORIGIN…`: each client sends at one node and then asks another one with the entity tag and the cursor that it has
from a third. An answer that lacks what was acknowledged before the question is stale, and ends it. A node that does not answer, or says
503, is passed over. Writes down what was acknowledged, as audit.py does, and prints how much was sent, asked and passed over.
"""

import collections
import http.client
import json
import random
import sys
import threading
import time
import urllib.parse
import uuid

CONVERSATIONS = "/api/messages/conversations"
TALKS = ["conv-1", "conv-2", "conv-3"]
PEOPLE = ["alice", "bob", "carol"]
# So many ask at once at the same time, each in a conversation of its own: few, so that they do ask at once.
CLIENTS = 6


class Wrong(Exception):
    """Something that must not be."""


class Hopper:
    def __init__(self, origins, user, counts):
        self.nodes = [urllib.parse.urlsplit(origin).netloc for origin in origins]
        self.user = user
        self.counts = counts
        self.connections = {}
        self.last = None

    def ask(self, method, path, body=None, **headers):
        """Another node than the last one, until one answers."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            self.last = node = random.choice([node for node in self.nodes if node != self.last] or self.nodes)
            try:
                response, content = self.ask_node(node, method, path, body, **headers)
            except (OSError, http.client.HTTPException):
                self.connections.pop(node, None)
                self.counts["passed over"] += 1
                time.sleep(0.02)
                continue
            if response.status != 503:
                return response, content
            if not response.headers["Retry-After"]:
                raise Wrong("a 503 that does not say when to come back")
            self.counts["refused"] += 1
            time.sleep(0.02)
        raise Wrong("no node has answered for 30 s")

    def ask_node(self, node, method, path, body=None, **headers):
        connection = self.connections.setdefault(node, http.client.HTTPConnection(node, timeout=10))
        fields = {"X-User-ID": self.user, "Content-Type": "application/json"} | headers
        connection.request(method, path, body and json.dumps(body), fields)
        response = connection.getresponse()
        return response, response.read()


def number(message_id):
    return int(message_id.rsplit(":", 1)[1])


def talk(hopper, end, ledger, lock):
    """Sends, and asks other nodes for it at once."""
    tags, cursors, seen = {}, {}, collections.Counter()
    while time.monotonic() < end:
        conversation = random.choice(TALKS)
        path = f"{CONVERSATIONS}/{conversation}/messages"
        message = {"content": str(uuid.uuid4()), "clientMessageId": str(uuid.uuid4()), "participantIds": PEOPLE}
        response, body = hopper.ask("POST", path, message)
        if response.status != 201:
            raise Wrong(f"{response.status} for a send: {body!r}")
        answer = json.loads(body)
        with lock:
            ledger[message["clientMessageId"]] = {"id": answer["id"], "senderId": hopper.user, "content": message["content"]}
            hopper.counts["sent"] += 1
        n = number(answer["id"])
        for _ in range(2):
            response, body = hopper.ask("GET", path, **({"If-None-Match": tags[path]} if path in tags else {}))
            if response.status == 304:
                raise Wrong(f"stale: 304 from {hopper.last} though {answer['id']} was acknowledged")
            if response.status != 200 or max(number(message["id"]) for message in json.loads(body)) < n:
                raise Wrong(f"stale: {response.status} from {hopper.last} without {answer['id']}")
            hopper.counts["asked"] += 1
        tags[path] = response.headers["ETag"]
        since = f"?since={cursors[path]}&limit=500" if path in cursors else "?limit=500"
        response, body = hopper.ask("GET", path + since)
        if response.status == 410 and path in cursors:
            del cursors[path]
            hopper.counts["sent away"] += 1
            continue
        if response.status != 200:
            raise Wrong(f"{response.status} for {path}{since}: {body!r}")
        found = [number(message["id"]) for message in json.loads(body)]
        if n > seen[path] and n not in found:
            raise Wrong(f"stale: the changes from {hopper.last} lack {answer['id']}")
        seen[path] = max([seen[path]] + found)
        cursors[path] = response.headers["X-Cursor"]
        response, body = hopper.ask("PUT", f"{CONVERSATIONS}/{conversation}/read", {"upTo": answer["id"]})
        if response.status != 200:
            raise Wrong(f"{response.status} for a read marker: {body!r}")
        # Nobody else reads for this user, so the marker that was acknowledged is where it is, or the list lacks it.
        response, body = hopper.ask("GET", CONVERSATIONS)
        entry = [entry for entry in json.loads(body) if entry["id"] == conversation]
        if response.status != 200 or not entry:
            raise Wrong(f"{response.status}: the list from {hopper.last} lacks {conversation}")
        hopper.counts["asked"] += 2


def ask_at_once(hopper, conversation, writes):
    """Sends at one node, and asks another one whose memory has the state before."""
    path = f"{CONVERSATIONS}/{conversation}/messages"
    first, second = hopper.nodes[:2]
    message = {"content": "x", "participantIds": PEOPLE}
    response, body = hopper.ask_node(first, "POST", path, message)
    for _ in range(writes):
        tag = wait_until_idle(hopper, second, path, number(json.loads(body)["id"]))
        response, body = hopper.ask_node(first, "POST", path, message)
        if response.status != 201:
            raise Wrong(f"{response.status} for a send: {body!r}")
        response, _ = hopper.ask_node(second, "GET", f"{path}?limit=1", **{"If-None-Match": tag})
        hopper.counts["asked at once"] += 1
        hopper.counts["stale"] += response.status == 304
        if response.status not in (200, 304):
            raise Wrong(f"{response.status} for a poll")
        first, second = random.sample(hopper.nodes, 2)


def wait_until_idle(hopper, node, path, n):
    """The tag under which a node answers that nothing is new, once it has the message n. A node without a fault has it at once."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        response, body = hopper.ask_node(node, "GET", f"{path}?limit=1")
        if response.status == 200 and number(json.loads(body)[-1]["id"]) >= n:
            tag = response.headers["ETag"]
            if hopper.ask_node(node, "GET", f"{path}?limit=1", **{"If-None-Match": tag})[0].status == 304:
                return tag
    raise Wrong(f"{node} lacks the message {n} for 10 s")


def run(clients):
    """Runs all of these at the same time; returns what was wrong."""
    complaints = []

    def guarded(name, client):
        try:
            client()
        except (Wrong, ValueError, KeyError, OSError, http.client.HTTPException) as error:
            complaints.append(f"{name}: {error!r}")

    threads = [threading.Thread(target=guarded, args=client) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return complaints


def main():
    counts, lock = collections.Counter(), threading.Lock()
    if sys.argv[1] == "at-once":
        writes, origins = int(sys.argv[2]), sys.argv[3:]
        hoppers = [Hopper(origins, PEOPLE[0], collections.Counter()) for _ in range(CLIENTS)]
        complaints = run(
            [(f"hop-{i}", lambda i=i, h=h: ask_at_once(h, f"hop-{i}", -(-writes // CLIENTS))) for i, h in enumerate(hoppers)])
        for hopper in hoppers:
            counts.update(hopper.counts)
        if counts["stale"]:
            complaints.append(f"{counts['stale']} of {counts['asked at once']} answers were stale")
    else:
        seconds, path, origins = float(sys.argv[2]), sys.argv[3], sys.argv[4:]
        end, ledger = time.monotonic() + seconds, {}
        complaints = run([(user, lambda u=user: talk(Hopper(origins, u, counts), end, ledger, lock)) for user in PEOPLE * 2])
        with open(path, "w", encoding="utf-8") as file:
            json.dump(ledger, file)
    print(dict(counts))
    if complaints:
        sys.exit("hop: " + "; ".join(complaints))


main()
