"""Requests as bytes, and answers as they come: to prepare a load and to check it, never to measure."""

import base64
import dataclasses
import functools
import hashlib
import hmac
import json
import socket

SECRET = "a secret of this benchmark and of nobody else"
EXPIRES = 4_102_444_800
BASE = "/api/messages/conversations"
# So many requests go out on a connection before their answers are read.
BURST = 16


class Wrong(Exception):
    """An answer that is not what it must be: nothing measured counts then."""


@functools.cache
def token(user):
    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    head = encoded(json.dumps({"alg": "HS256", "typ": "JWT"}, separators=(",", ":")).encode())
    claims = encoded(json.dumps({"sub": user, "exp": EXPIRES}, separators=(",", ":")).encode())
    signature = hmac.new(SECRET.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    return f"{head}.{claims}.{encoded(signature)}"


def request(method, path, user=None, tag=None, body=None):
    fields = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if user:
        fields.append(f"Authorization: Bearer {token(user)}")
    if tag:
        fields.append(f"If-None-Match: {tag}")
    if body is not None:
        body = json.dumps(body)
        fields += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(fields) + "\r\n\r\n" + (body or "")


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    fields: dict
    body: bytes

    @property
    def tag(self):
        return self.fields.get("etag")

    def json(self, expected):
        """What the body says, where the status is the expected one."""
        if self.status != expected:
            raise Wrong(f"{self.status} instead of {expected}: {self.body[:500]!r}")
        return json.loads(self.body)


class Exchange:
    """One connection; answers come in the order of the requests."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb", 1 << 16)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text.encode())

    def receive(self):
        line = self.file.readline()
        if not line:
            raise Wrong("the server closed a connection")
        fields = {}
        while field := self.file.readline().decode("latin-1").strip():
            name, _, value = field.partition(": ")
            fields[name.lower()] = value
        return Answer(int(line.split()[1]), fields, self.file.read(int(fields.get("content-length", 0))))

    def ask(self, text):
        self.send(text)
        return self.receive()


def ask_all(port, texts, connections=32):
    """The answers to these requests, in their order."""
    exchanges = [Exchange(port) for _ in range(min(connections, len(texts)))]
    answers = []
    for start in range(0, len(texts), BURST * connections):
        turns = [texts[first : first + BURST] for first in range(start, min(start + BURST * connections, len(texts)), BURST)]
        for exchange, turn in zip(exchanges, turns):
            exchange.send("".join(turn))
        for exchange, turn in zip(exchanges, turns):
            answers += [exchange.receive() for _ in turn]
    for exchange in exchanges:
        exchange.__exit__()
    return answers
