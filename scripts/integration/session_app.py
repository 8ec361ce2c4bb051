"""An application that knows who is logged in: answers every request with X-User-ID from the cookie, or 401; prints its port."""

import signal
import sys
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Session(BaseHTTPRequestHandler):
    def do_GET(self):
        user = SimpleCookie(self.headers.get("Cookie", "")).get("user")
        self.send_response(204 if user else 401)
        if user:
            self.send_header("X-User-ID", user.value)
        self.end_headers()

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = ThreadingHTTPServer(("127.0.0.1", 0), Session)
print(server.server_port, flush=True)
server.serve_forever()
