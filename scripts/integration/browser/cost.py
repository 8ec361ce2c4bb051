"""What a page that is open and idle costs an hour: requests and bytes, both ways, by polling and by waiting, over HTTP/1.1 and HTTP/2.

The bytes are those that go over TCP between the browser and nginx, TLS and all. What a page waits is cut to 10 s, so that a wait is over
soon; its length has as many digits as a whole minute, and an hour has 60 of those.
"""

import os
import re
import socket
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver.common.keys import Keys

from chromium import Windows, until
from postbox import Postbox, token
from sites import make_certificate

CYCLES = 3
# Of a page that polls every 10 s, and of one that waits 60 s.
REQUESTS = {"poll": 360, "wait": 60}


class Relay:
    """Passes bytes on between clients and a server, and counts them both ways."""

    def __init__(self, port):
        self.upstream = ("127.0.0.1", port)
        self.sent = self.received = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(self.upstream)
            threading.Thread(target=self.pump, args=(client, server, "sent"), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, "received"), daemon=True).start()

    def pump(self, source, target, name):
        try:
            while part := source.recv(65536):
                setattr(self, name, getattr(self, name) + len(part))
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            target.close()


@contextmanager
def nginx(folder, postbox):
    """nginx with the configuration that comes with Postbox, and the page beside it; gives its ports for HTTP/1.1 and HTTP/2."""
    make_certificate(folder)
    listeners = {version: socket.create_server(("127.0.0.1", 0)) for version in ("HTTP/1.1", "HTTP/2")}
    ports = {version: listener.getsockname()[1] for version, listener in listeners.items()}
    shipped = (Path(__file__).parents[2] / "nginx.conf").read_text().replace("127.0.0.1:8080", f"127.0.0.1:{postbox.port}")
    listening = "".join(f"listen 127.0.0.1:{port} ssl{' http2' * (version == 'HTTP/2')};\n" for version, port in ports.items())
    page = "location / { proxy_pass http://postbox; proxy_set_header Host $http_host; }\n"
    certificate = f"ssl_certificate {folder}/cert.pem;\nssl_certificate_key {folder}/key.pem;\n"
    server = shipped[:shipped.index("# --identity gateway")].replace("listen 8081;", listening + certificate + page)
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    # Root's nginx would give its workers to another user, who may not look into this folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\npid {folder}/nginx.pid;\nworker_processes 1;\nevents {{}}\nhttp {{\n"
        f"log_format polls '$server_port $request_method $uri $status $server_protocol';\naccess_log {folder}/nginx-access.log polls;\n"
        f"error_log {folder}/nginx-error.log info;\n{temporary}{server}}}\n")
    program = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "postbox/nginx"
    # nginx takes over sockets that this variable names, as it does from its former self: nobody else can have the ports.
    numbers = [listener.fileno() for listener in listeners.values()]
    process = subprocess.Popen(
        [program, "-e", folder / "nginx-error.log", "-p", folder, "-c", folder / "nginx.conf"], pass_fds=numbers,
        env={**os.environ, "NGINX": "".join(f"{number};" for number in numbers)})
    for listener in listeners.values():
        listener.close()
    try:
        until((folder / "nginx.pid").exists, "nginx has started")
        yield ports
    finally:
        process.terminate()
        process.wait(timeout=15)


def idle(folder):
    """Each window has a connection of its own to nginx, through a relay of its own."""
    options = ("--jwt-secret-file", str(folder / "secret"), "--page", "--longest-wait", "10")
    with Postbox(folder, *options) as postbox, nginx(folder, postbox) as ports, Windows("--ignore-certificate-errors") as windows:
        lee = token("lee")
        postbox.send({"Authorization": f"Bearer {lee}"}, "application-17", "Hello!", receiverId="dana")
        log = folder / "nginx-access.log"
        relays, pages = {}, {}
        for version, port in ports.items():
            for way in REQUESTS:
                relay = relays[version, way] = Relay(port)
                page = pages[version, way] = windows.open(f"https://127.0.0.1:{relay.port}/")
                if way == "poll":
                    page.find("#details").get_attribute("open") or page.find("#details summary").click()
                    page.find("#way-poll").click()
                page.find("#token").send_keys(lee, Keys.ENTER)
                page.open("application-17")
                page.shows("Hello!")
                until(lambda: page.state() == "live", "the page is live")

        # What a window has cost at each of its polls that brought nothing.
        costs = {key: [] for key in pages}

        def enough():
            for key, page in pages.items():
                polls = page.script("return Number(document.getElementById('meter-share').dataset.value)")
                if len(costs[key]) == 0 or polls > costs[key][-1][0]:
                    costs[key].append((polls, relays[key].sent, relays[key].received))
            return all(len(seen) > CYCLES + 1 for seen in costs.values())

        until(enough, "all have idled for some cycles", within=20 * (CYCLES + 2))
        hours = {}
        for (version, way), seen in costs.items():
            (first, sent, received), (last, sent_later, received_later) = seen[1], seen[-1]
            each = [(after - before) / (last - first) for before, after in ((sent, sent_later), (received, received_later))]
            hours[version, way] = REQUESTS[way] * sum(each)
            print(f"{version}, {way}: a poll {each[0]:.0f} bytes sent, {each[1]:.0f} received; an hour: {REQUESTS[way]} requests, "
                  f"{hours[version, way] / 1000:.0f} KB")
        lines = log.read_text().splitlines()
        for version, port in ports.items():
            protocols = {line.rsplit(" ", 1)[1] for line in lines if line.startswith(f"{port} ")}
            assert protocols == {"HTTP/2.0" if version == "HTTP/2" else "HTTP/1.1"}, protocols
        statuses = [int(line.split()[3]) for line in lines if re.search(r" GET /api/messages/conversations \d", line)]
        assert statuses.count(304) >= 4 * CYCLES and set(statuses) <= {200, 304}, statuses
        assert all(hours[version, "wait"] * 5 < hours[version, "poll"] for version in ports), hours
        assert all(hours["HTTP/2", way] * 2 < hours["HTTP/1.1", way] for way in REQUESTS), hours
