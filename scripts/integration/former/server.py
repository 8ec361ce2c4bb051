#!/usr/bin/env python3
"""server.py FILE: the version before cursors said whose they are, as far as a poll can tell, for bob and Schemas/v2.sql.

Once FILE is there, it has the address of the present version, which gets every request from then on: to clients it is one server
that was upgraded between two polls. Each poll is a line on standard error.
"""

import http.client
import http.server
import json
import os
import sys
import urllib.parse

UPGRADED = sys.argv[1]
PATH = "/api/messages/conversations/conv-1/messages"
CURSOR = "7m57uuv8.2.2.1"
MESSAGES = [
    {"id": "conv-1:1", "conversationId": "conv-1", "senderId": "alice", "receiverId": "bob", "content": "Hi",
     "timestamp": "2024-12-01T10:30:00.000Z", "read": True, "sent": False, "clientMessageId": "old-1"},
    {"id": "conv-1:2", "conversationId": "conv-1", "senderId": "bob", "receiverId": "alice", "content": "Hi yourself 👋",
     "timestamp": "2024-12-01T10:31:00.250Z", "read": True, "sent": True},
]
# By the query; the tags are those of the former version.
ANSWERS = {
    "": ("qliyri9bjacf", MESSAGES, ""),
    f"since={CURSOR}": ("mhnza126k5s2", [], ""),
    "limit=1": ("44t2nl65gs48", MESSAGES[1:], "&limit=1"),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if os.path.exists(UPGRADED):
            status, fields, body = self.present()
        else:
            status, fields, body = self.former()
        print(status, self.path, self.headers.get("If-None-Match"), file=sys.stderr, flush=True)
        self.send_response_only(status)
        for name, value in fields:
            if name.lower() not in ("content-length", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def former(self):
        url = urllib.parse.urlsplit(self.path)
        assert url.path == PATH and url.query in ANSWERS and self.headers["X-User-ID"] == "bob", self.path
        variant, messages, kept = ANSWERS[url.query]
        tag = f'"{CURSOR}-{variant}"'
        fields = [
            ("ETag", tag), ("Cache-Control", "private, no-cache"), ("X-Poll-Interval", "1"), ("X-Cursor", CURSOR),
            ("Link", f'<{PATH}?since={CURSOR}{kept}>; rel="next"'), ("Vary", "X-User-ID, Origin"),
        ]
        if self.headers.get("If-None-Match") == tag:
            return 304, fields, b""
        return 200, [("Content-Type", "application/json"), *fields], json.dumps(messages).encode()

    def present(self):
        with open(UPGRADED, encoding="utf-8") as file:
            address = urllib.parse.urlsplit(file.read().strip()).netloc
        connection = http.client.HTTPConnection(address, timeout=20)
        connection.request("GET", self.path, headers=dict(self.headers))
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
