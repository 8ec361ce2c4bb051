"""Where a messages page and Postbox can be: on two origins, or on one with a proxy that takes a prefix off the path."""

import base64
import functools
import hashlib
import http.server
import os
import socket
import subprocess
import threading
import time
import urllib.parse
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chromium import until
from postbox import Postbox, token

SOCKJS = Path("/usr/share/nodejs/sockjs-client/dist/sockjs.min.js")
PREFIX = "/backend"


class Pages:
    """The application's own server: its files, and tokens for its users, without a password."""

    def __init__(self):
        # How many seconds the next token is valid; those after it are valid for an hour.
        self.next_lifetime = 3600
        self.given = 0
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(PageHandler, self))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{server.server_port}"

    def token(self, user):
        lifetime, self.next_lifetime = self.next_lifetime, 3600
        self.given += 1
        return token_of(user, lifetime)


def token_of(user, lifetime=3600):
    """The token of a user as the application makes it: the id is that of a row, and there is no name."""
    return token(user, email=f"{user.partition('-')[0]}@acme.example", tenantId="acme", exp=int(time.time()) + lifetime)


class PageHandler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, pages, *arguments):
        self.pages = pages
        super().__init__(*arguments, directory=Path(__file__).parent)

    def translate_path(self, path):
        return str(SOCKJS) if path == f"/{SOCKJS.name}" else super().translate_path(path)

    def do_POST(self):
        [user] = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["user"]
        text = self.pages.token(user).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@dataclass
class Site:
    pages: Pages
    postbox: Postbox
    # Where the page is.
    origin: str
    # What the page has before /api/messages and /ws.
    base: str
    # The certificate's key, where the page comes over HTTPS.
    key: str = None


OPTIONS = ("--jwt-secret-file", "secret", "--jwt-name-claim", "email", "--access-log", "--log-format", "json")


@contextmanager
def cross_origin(folder, *options):
    """The page asks Postbox, which is another origin."""
    pages = Pages()
    with started(folder, "--cors-origin", pages.origin, *options) as postbox:
        yield Site(pages, postbox, pages.origin, postbox.origin)


@contextmanager
def development_proxy(folder):
    """The front end's development server has Postbox below a prefix."""
    pages = Pages()
    with started(folder) as postbox:
        proxy = subprocess.Popen(
            ["node", Path(__file__).parent / "dev_proxy.js", pages.origin, postbox.origin], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "NODE_PATH": "/usr/share/nodejs"})
        try:
            port = proxy.stdout.readline().strip()
            assert port, "the development proxy did not start"
            origin = f"http://127.0.0.1:{port}"
            yield Site(pages, postbox, origin, origin + PREFIX)
        finally:
            proxy.terminate()
            proxy.wait(timeout=15)


@contextmanager
def nginx(folder):
    """nginx, with the configuration that comes with Postbox, has it below a prefix, and speaks HTTP/2 with the browser."""
    pages = Pages()
    with started(folder) as postbox:
        key = make_certificate(folder)
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        (folder / "nginx.conf").write_text(nginx_configuration(folder, port, pages, postbox))
        program = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "postbox/nginx"
        # nginx takes over a socket that this variable names, as it does from its former self: nobody else can have the port.
        process = subprocess.Popen(
            [program, "-e", folder / "nginx-error.log", "-p", folder, "-c", folder / "nginx.conf"], pass_fds=[listener.fileno()],
            env={**os.environ, "NGINX": f"{listener.fileno()};"})
        listener.close()
        try:
            until((folder / "nginx.pid").exists, "nginx has started")
            origin = f"https://127.0.0.1:{port}"
            yield Site(pages, postbox, origin, origin + PREFIX, key)
        finally:
            process.terminate()
            process.wait(timeout=15)


SITES = {"cross-origin": cross_origin, "development-proxy": development_proxy, "nginx": nginx}


def started(folder, *options):
    return Postbox(folder, *(folder / option if option == "secret" else option for option in OPTIONS), *options)


def make_certificate(folder):
    """Makes a certificate for loopback, and gives the hash of its key as Chromium wants it."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
         "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, stderr=subprocess.DEVNULL)
    public = subprocess.run(
        ["openssl", "pkey", "-in", folder / "key.pem", "-pubout", "-outform", "DER"], check=True, stdout=subprocess.PIPE).stdout
    return base64.b64encode(hashlib.sha256(public).digest()).decode()


def nginx_configuration(folder, port, pages, postbox):
    shipped = (Path(__file__).parents[2] / "nginx.conf").read_text()
    with_tokens = shipped[:shipped.index("# --identity gateway")]
    for written, replaced in [
        ("127.0.0.1:8080", f"127.0.0.1:{postbox.port}"),
        ("listen 8081;", f"listen 127.0.0.1:{port} ssl http2;\n    ssl_certificate cert.pem;\n    ssl_certificate_key key.pem;\n"
                         f"    location / {{ proxy_pass {pages.origin}; }}"),
        # With a path of its own in `proxy_pass`, nginx puts that in the place of the location's.
        ("location /api/messages/ {", f"location {PREFIX}/ {{"),
        ("proxy_pass http://postbox;", "proxy_pass http://postbox/;"),
    ]:
        assert written in with_tokens, written
        with_tokens = with_tokens.replace(written, replaced)
    temporary = "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    # Root's nginx would give its workers to another user, who may not look into this folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (f"{user}daemon off;\npid {folder}/nginx.pid;\nworker_processes 1;\nevents {{}}\nhttp {{\n"
            f"    access_log {folder}/nginx-access.log;\n    error_log {folder}/nginx-error.log info;\n{temporary}{with_tokens}}}\n")
