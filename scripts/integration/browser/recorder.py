"""A proxy on loopback that says what was on the wire."""

import re
import socket
import threading
import time
from dataclasses import dataclass


@dataclass
class Exchange:
    """One request and its answer, as they went over the wire; field names in lower case."""

    method: str
    target: str
    fields: dict
    body: bytes
    started: float
    status: int = 0
    answer_fields: dict = None
    answer_size: int = 0
    asked_size: int = 0


class Recorder:
    """Passes HTTP/1.1 on, unchanged unless told otherwise; with a poll interval, no poll waits."""

    def __init__(self, port, poll_interval=None):
        self.upstream = ("127.0.0.1", port)
        # Two digits, like the one it stands for.
        self.poll_interval = poll_interval
        # Whether the next POST is carried out and its answer lost half-way.
        self.loses_next_post = False
        self.exchanges = []
        # Those that are not answered yet.
        self.pending = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def of(self, method, path, since=0):
        """The exchanges of a method ("" for all) whose target starts with a path, from a place in the record on."""
        return [e for e in self.exchanges[since:] if method in ("", e.method) and e.target.startswith(path)]

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client):
        try:
            with client, socket.create_connection(self.upstream) as server:
                client_side, server_side = client.makefile("rb"), server.makefile("rb")
                while self._pass_on(client, client_side, server, server_side):
                    pass
        except OSError:
            return

    def _pass_on(self, client, client_side, server, server_side):
        head, first, fields = _head(client_side)
        if not head:
            return False
        body = client_side.read(int(fields.get("content-length", 0)))
        exchange = Exchange(*first.split(" ")[:2], fields, body, time.monotonic())
        exchange.asked_size = len(head) + len(body)
        self.pending.append(exchange)
        try:
            return self._answer(exchange, head, body, client, server, server_side)
        finally:
            self.pending.remove(exchange)

    def _answer(self, exchange, head, body, client, server, server_side):
        if self.poll_interval:
            head = re.sub(rb"(?i)^prefer:.*\r\n", b"", head, flags=re.MULTILINE)
        server.sendall(head + body)
        head, first, fields = _head(server_side)
        if not head:
            return False
        exchange.status, exchange.answer_fields = int(first.split(" ")[1]), fields
        has_body = exchange.method != "HEAD" and exchange.status not in (204, 304)
        body = server_side.read(int(fields["content-length"])) if has_body else b""
        exchange.answer_size = len(head) + len(body)
        self.exchanges.append(exchange)
        if exchange.method == "POST" and self.loses_next_post:
            self.loses_next_post = False
            client.sendall(head + body[:10])
            return False
        if self.poll_interval:
            head = head.replace(b"X-Poll-Interval: 10", b"X-Poll-Interval: %02d" % self.poll_interval)
        client.sendall(head + body)
        return True


def _head(stream):
    lines = []
    for line in stream:
        lines.append(line)
        if line == b"\r\n":
            break
    else:
        return b"", "", {}
    pairs = (line.decode("latin-1").rstrip("\r\n").partition(":") for line in lines[1:-1])
    return b"".join(lines), lines[0].decode("latin-1").strip(), {name.lower(): value.strip() for name, _, value in pairs}
