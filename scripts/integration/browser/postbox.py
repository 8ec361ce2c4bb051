"""The real program, started for one story."""

import base64
import hashlib
import hmac
import json
import os
import re
import sqlite3
import subprocess
import time
import urllib.request
from pathlib import Path

SECRET = b"a secret of at least thirty-two bytes, for tests"


def token(user, **claims):
    """A bearer token for somebody (RFC 7519), valid for an hour."""
    def encoded(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": user, "exp": int(time.time()) + 3600, **claims}]
    signed = b".".join(encoded(json.dumps(part).encode()) for part in parts)
    return (signed + b"." + encoded(hmac.new(SECRET, signed, hashlib.sha256).digest())).decode()


class Postbox:
    def __init__(self, folder, *options, history=()):
        self.folder = Path(folder)
        self.database = self.folder / "postbox.sqlite"
        chosen = any(option in ("--identity", "--jwt-secret-file") for option in options)
        self.options = options if chosen else ("--identity", "demo", *options)
        self.port = 0
        self.process = None
        (self.folder / "secret").write_bytes(SECRET)
        if history:
            lines = self.folder / "history.jsonl"
            lines.write_text("".join(json.dumps(line) + "\n" for line in history))
            subprocess.run([os.environ["POSTBOX"], "import", lines, "--database", self.database], check=True)
        self.start()

    def start(self):
        """Starts it, on the port it had before."""
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [os.environ["POSTBOX"], "serve", "--port", str(self.port), "--database", self.database, *self.options],
            stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        listening = re.match(r"postbox: listening on (http://[^:]+:(\d+))$", line)
        assert listening, f"did not start: {line} {(self.folder / 'log').read_text()}"
        self.origin, self.port = listening[1], int(listening[2])

    def stop(self):
        self.process.terminate()
        assert self.process.wait(timeout=15) == 0
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def request(self, method, path, who, body=None):
        """Asks as somebody, named by a user id or by a whole header field."""
        field = who if isinstance(who, dict) else {"X-User-ID": who}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.origin}/api/messages/conversations{path}", data, {"Content-Type": "application/json", **field},
            method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def send(self, who, conversation, content, **members):
        return self.request("POST", f"/{conversation}/messages", who, {"content": content, **members})

    def requests(self, method, path):
        """The requests of a method ("" for all) to a path and below, as the access log has them.

        For a server with `--access-log --log-format json`.
        """
        whole_lines = (self.folder / "log").read_text().rpartition("\n")[0].splitlines()
        events = [json.loads(line) for line in whole_lines]
        return [e for e in events if e["message"] == "request" and method in ("", e["method"]) and e["path"].startswith(path)]

    def stored(self, content):
        """How many messages with this content are in the database."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as database:
            return database.execute("SELECT count(*) FROM messages WHERE content = ?", [content]).fetchone()[0]
