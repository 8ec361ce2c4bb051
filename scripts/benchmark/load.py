"""Puts a server under load with wrk, and says what came of it."""

import dataclasses
import glob
import json
import os
import random
import subprocess

import data
import servers

CONNECTIONS = 64
THREADS = 2
BASE = "/api/messages/conversations"
HERE = os.path.dirname(os.path.abspath(__file__))

# Who does what: far enough from each other that a send of one group never changes what another group polls.
READERS = range(500)
FOLLOWERS = range(550, 680)
WRITERS = range(700, 900)


@dataclasses.dataclass
class Measurement:
    """`cpu`: microseconds of the server's processor time for each request; `p50`, `p99`: milliseconds."""

    rate: float
    p50: float = None
    p99: float = None
    cpu: float = None


class Wrong(Exception):
    """An answer that is not what it must be: nothing measured counts then."""


def request(method, path, user=None, tag=None, body=None):
    fields = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if user:
        fields.append(f"Authorization: Bearer {servers.token(user)}")
    if tag:
        fields.append(f"If-None-Match: {tag}")
    if body is not None:
        body = json.dumps(body)
        fields += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(fields) + "\r\n\r\n" + (body or "")


def write(path, requests):
    """`requests`: pairs of the status that must come and the request."""
    with open(path, "w", encoding="ascii", newline="") as file:
        file.writelines(f"{status} {len(text)}\n{text}" for status, text in requests)
    return path


def of_user(user, turn):
    """One of the ten conversations that `data.pairs` gives a user with the users that follow."""
    return user + 1000 * (turn % 10)


def messages_path(conversation, query=""):
    return f"{BASE}/{data.conversation(conversation)}/messages{query}"


class Plans:
    """The requests of each row, prepared for one running Postbox."""

    def __init__(self, client, folder):
        self.client = client
        self.folder = folder

    def file(self, name, requests):
        return write(os.path.join(self.folder, f"{name}.requests"), requests)

    def conditional(self, path, user):
        _, fields = self.client.get(path, user)
        return 304, request("GET", path, user, tag=fields["ETag"])

    def lists(self):
        return [self.conditional(BASE, data.user(user)) for user in READERS]

    def messages(self):
        return [self.conditional(messages_path(of_user(user, user)), data.user(user)) for user in READERS]

    def deltas(self):
        """Polls with a cursor from before the latest message."""
        requests = []
        for user in FOLLOWERS:
            for turn in range(4):
                conversation = of_user(user, turn)
                _, fields = self.client.get(messages_path(conversation, "?limit=1"), data.user(user))
                self.client.request(
                    "POST", messages_path(conversation), data.user(user + 1 + turn), {"content": "And this is new."}, 201
                )
                path = messages_path(conversation, f"?since={fields['X-Cursor']}")
                requests.append((200, request("GET", path, data.user(user))))
        return requests

    def newest(self):
        return [
            (200, request("GET", messages_path(of_user(user, user), "?limit=50"), data.user(user))) for user in READERS
        ]

    def cold_lists(self):
        return [(200, request("GET", f"{BASE}?limit=20&messages=20", data.user(user))) for user in READERS]

    @staticmethod
    def sends(mark):
        """`mark` must be another one each time: what is sent is looked up by its content afterwards."""
        content = f"{mark} #COUNTER######## and as much text as people write to each other on an ordinary day"
        requests = [
            (201, request("POST", messages_path(of_user(user, turn)), data.user(user), body={"content": content}))
            for user in WRITERS
            for turn in range(10)
        ]
        random.Random(1).shuffle(requests)
        return requests

    @staticmethod
    def mix(idle, deltas, sends):
        choice = random.Random(2)
        requests = choice.choices(idle, k=9000) + choice.choices(deltas, k=900) + choice.choices(sends, k=100)
        choice.shuffle(requests)
        return requests


def wrk(server, requests, kept, seconds, connections=CONNECTIONS):
    """Sends the requests of a file in turn, round and round. The answers worth checking go to files named `kept`.*"""
    command = ["wrk", f"-t{THREADS}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    command += ["-s", os.path.join(HERE, "requests.lua"), server.origin, "--", requests, kept, str(THREADS)]
    before = server.cpu()
    run = subprocess.run(command, check=True, timeout=seconds + 60, capture_output=True, text=True)
    used = server.cpu() - before
    results = [line for line in run.stdout.splitlines() if line.startswith("RESULT ")]
    if len(results) != 1:
        raise Wrong(f"wrk did not finish: {run.stdout}{run.stderr}")
    result = json.loads(results[0].removeprefix("RESULT "))
    check(result, requests)
    return Measurement(
        rate=result["requests"] / result["seconds"],
        p50=result["p50"] / 1000,
        p99=result["p99"] / 1000,
        cpu=used * 1e6 / result["requests"],
    )


def check(result, name):
    if result["errors"] or result["foreign"] or not result["requests"]:
        raise Wrong(f"{name}: errors, or entity tags nobody asked for: {result}")
    for status in result["got"].keys() | result["issued"].keys():
        # At the end every connection may have one request without an answer; and wrk has each thread make one to look at.
        if not 0 <= result["issued"].get(status, 0) - result["got"].get(status, 0) <= CONNECTIONS + THREADS:
            raise Wrong(f"{name}: wrong statuses: {result}")


def answers(kept):
    """What `requests.lua` kept."""
    for path in sorted(glob.glob(f"{glob.escape(kept)}.*")):
        with open(path, "rb") as file:
            while line := file.readline():
                yield json.loads(file.read(int(line)))
        os.remove(path)
