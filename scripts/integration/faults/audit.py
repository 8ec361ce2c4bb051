"""Sends, reads and polls while something is broken and mended, and audits what was acknowledged.

`audit.py disturb ORIGIN LEDGER --break COMMAND --mend COMMAND --reason NAME` writes down every message that was acknowledged;
`audit.py verify ORIGIN LEDGER` asks a server for all of them, whatever has happened to it in between.
"""

import argparse
import collections
import http.client
import json
import random
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid

CONVERSATIONS = "/api/messages/conversations"
PEOPLE = ["alice", "bob", "carol"]
TALKS = ["conv-1", "conv-2", "conv-3"]
PATIENCE = 20


class Wrong(Exception):
    """Something that must not be."""


class Client:
    def __init__(self, origin, user=None):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(origin).netloc, timeout=15)
        self.headers = {"X-User-ID": user} if user else {}

    def ask(self, method, path, body=None, **headers):
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(method, path, body and json.dumps(body), self.headers | headers)
        response = self.connection.getresponse()
        return response, response.read()


def follow(client, talk):
    """Every message of a conversation, as a client gets it that follows the cursors from the beginning."""
    cursor = "0"
    while True:
        response, body = client.ask("GET", f"{CONVERSATIONS}/{talk}/messages?limit=500&since={cursor}")
        if response.status != 200:
            raise Wrong(f"{response.status} for the messages of {talk}: {body!r}")
        page = json.loads(body)
        if not page:
            return
        yield from page
        cursor = response.headers["X-Cursor"]


def verify(origin, ledger):
    """`ledger`: what was acknowledged, key to message."""
    found = {}
    for talk in TALKS:
        numbers = []
        for message in follow(Client(origin, "alice"), talk):
            numbers.append(int(message["id"].rsplit(":", 1)[1]))
            if found.setdefault(message["clientMessageId"], message) is not message:
                raise Wrong(f"{message['clientMessageId']} is there twice")
        if numbers != list(range(1, len(numbers) + 1)):
            raise Wrong(f"{talk} has gaps or is out of order")
    for key, message in ledger.items():
        if key not in found:
            raise Wrong(f"{message['id']} was acknowledged and is lost")
        for name in ("id", "senderId", "content"):
            if found[key][name] != message[name]:
                raise Wrong(f"{message['id']} was acknowledged with another {name}")


class Disturbance:
    def __init__(self, origin, polls_may_fail, new_epoch):
        self.origin = origin
        self.polls_may_fail = polls_may_fail
        self.new_epoch = new_epoch
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.ledger = {}
        self.complaints = []
        self.over = threading.Event()

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def run(self, work, *arguments):
        def guarded():
            try:
                while not self.over.is_set():
                    work(*arguments)
            except (Wrong, OSError, http.client.HTTPException, ValueError) as error:
                with self.lock:
                    self.complaints.append(f"{work.__name__}: {error!r}")
                self.over.set()

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        return thread

    def send(self, client, user):
        talk = random.choice(TALKS)
        text = f"{uuid.uuid4()} " + random.choice(["", "é" * 40, "x" * 6000])
        message = {"content": text, "clientMessageId": str(uuid.uuid4()), "participantIds": PEOPLE}
        # A client that is told to come back sends the same again.
        while not self.over.is_set():
            response, body = client.ask("POST", f"{CONVERSATIONS}/{talk}/messages", message)
            answer = json.loads(body)
            if response.status == 201:
                with self.lock:
                    self.counts["sent"] += 1
                    self.ledger[message["clientMessageId"]] = {"id": answer["id"], "senderId": user, "content": text}
                return
            self.refused(response, answer)

    def refused(self, response, answer):
        if response.status not in (503, 507) or response.headers["Content-Type"] != "application/problem+json":
            raise Wrong(f"{response.status} {response.headers['Content-Type']}: {answer}")
        if not response.headers["Retry-After"] or not answer["type"].startswith("urn:postbox:problem:"):
            raise Wrong(f"a refusal that does not say when to come back, or why: {answer}")
        self.count("refused")
        time.sleep(0.05)

    def poll(self, client, cursors):
        paths = [CONVERSATIONS] + [f"{CONVERSATIONS}/{talk}/messages" for talk in TALKS]
        # A page of the beginning is in the file and not in memory.
        for path in paths + [f"{CONVERSATIONS}/{random.choice(TALKS)}/messages?since=0&limit=5"]:
            since = f"?since={cursors[path]}" if path in cursors and "?" not in path else ""
            response, body = client.ask("GET", path + since)
            if response.status == 200:
                cursors[path] = response.headers["X-Cursor"]
                self.count("polled")
            elif response.status == 503 and self.polls_may_fail:
                self.refused(response, json.loads(body))
            elif response.status == 410 and self.new_epoch and path in cursors:
                del cursors[path]
                self.count("sent away")
            elif response.status != 404 or self.ledger:
                raise Wrong(f"{response.status} for {path}{since}: {body!r}")
        time.sleep(0.01)

    def mark(self, client):
        response, body = client.ask("PUT", f"{CONVERSATIONS}/{random.choice(TALKS)}/read", {})
        if response.status == 503:
            self.refused(response, json.loads(body))
        elif response.status not in (200, 404):
            raise Wrong(f"{response.status} for a read marker: {body!r}")
        time.sleep(0.02)

    def start(self):
        # The conversations first: a poll of one that is not there yet is a 404.
        for talk in TALKS:
            self.over.clear()
            message = {"content": talk, "clientMessageId": talk, "participantIds": PEOPLE}
            response, body = Client(self.origin, "alice").ask("POST", f"{CONVERSATIONS}/{talk}/messages", message)
            if response.status != 201:
                raise Wrong(f"{response.status}: {body!r}")
            self.ledger[talk] = {"id": json.loads(body)["id"], "senderId": "alice", "content": talk}
        threads = [self.run(self.send, Client(self.origin, user), user) for user in PEOPLE * 2]
        threads += [self.run(self.poll, Client(self.origin, user), {}) for user in PEOPLE]
        return threads + [self.run(self.mark, Client(self.origin, "bob"))]

    def await_that(self, what, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            if self.complaints:
                raise Wrong("; ".join(self.complaints))
            if time.monotonic() > end:
                raise Wrong(f"in {PATIENCE} s it was not seen that {what}; {dict(self.counts)}")
            time.sleep(0.02)

    def grows(self, what, by):
        goal = self.counts[what] + by
        self.await_that(f"{what} grows by {by}", lambda: self.counts[what] >= goal)


def readiness(origin):
    response, body = Client(origin).ask("GET", "/readyz")
    return response.status, body.decode()


def is_unready(origin, reason):
    status, body = readiness(origin)
    return status == 503 and f"({reason})" in json.loads(body)["detail"]


def disturb(options):
    disturbance = Disturbance(options.origin, options.polls_may_fail, options.new_epoch)
    threads = disturbance.start()
    disturbance.grows("sent", 50)
    if readiness(options.origin)[0] != 200:
        raise Wrong("it is not ready before anything is broken")
    refused = disturbance.counts["refused"]
    subprocess.run(options.broken, shell=True, check=True)
    if options.passing:
        disturbance.await_that("a send was refused", lambda: disturbance.counts["refused"] > refused)
    else:
        disturbance.grows("refused", 4 if options.slow else 20)
    if options.reason:
        disturbance.await_that(f"it is not ready, because of {options.reason}", lambda: is_unready(options.origin, options.reason))
    if options.nothing_succeeds:
        # Those that were acknowledged just before may take a moment to be counted.
        time.sleep(0.3)
        sent = disturbance.counts["sent"]
        disturbance.grows("refused", 8 if options.slow else 50)
        if disturbance.counts["sent"] != sent:
            raise Wrong("sends are acknowledged that cannot be stored")
    if not options.polls_may_fail:
        disturbance.grows("polled", 100)
    if options.mended:
        subprocess.run(options.mended, shell=True, check=True)
        disturbance.grows("sent", 50)
        disturbance.grows("polled", 50)
        disturbance.await_that("it is ready again", lambda: readiness(options.origin)[0] == 200)
        if options.new_epoch:
            disturbance.await_that("cursors are sent away", lambda: disturbance.counts["sent away"] > 0)
    disturbance.over.set()
    for thread in threads:
        thread.join(timeout=20)
    if disturbance.complaints:
        raise Wrong("; ".join(disturbance.complaints))
    print(dict(disturbance.counts))
    with open(options.ledger, "w", encoding="utf-8") as file:
        json.dump(disturbance.ledger, file)
    if options.mended:
        verify(options.origin, disturbance.ledger)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["disturb", "verify"])
    parser.add_argument("origin")
    parser.add_argument("ledger")
    parser.add_argument("--break", dest="broken", metavar="COMMAND")
    parser.add_argument("--mend", dest="mended", metavar="COMMAND", help="without it, nothing is mended")
    parser.add_argument("--reason", help="what /readyz must say")
    parser.add_argument("--passing", action="store_true", help="the command breaks it for moments, and mends it too")
    parser.add_argument("--slow", action="store_true", help="refusals take seconds each")
    parser.add_argument("--new-epoch", action="store_true", help="cursors from before must be answered 410")
    parser.add_argument("--polls-may-fail", action="store_true")
    parser.add_argument("--nothing-succeeds", action="store_true", help="no send may succeed before it is mended")
    options = parser.parse_args()
    try:
        if options.task == "disturb":
            disturb(options)
        else:
            with open(options.ledger, encoding="utf-8") as file:
                verify(options.origin, json.load(file))
    except Wrong as wrong:
        sys.exit(f"audit: {wrong}")


main()
