"""A front end that nobody changed, on an origin of its own: plain fetch, and the browser's own cache. The access log is the witness."""

import functools
import http.server
import threading
from pathlib import Path

from chromium import open_chromium, until
from postbox import Postbox, token

API = "/api/messages/conversations"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve_front_end():
    handler = functools.partial(Quiet, directory=Path(__file__).parent)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


class FrontEnd:
    """The page, Postbox, and two conversations: ann with bea, cem with dee."""

    def __init__(self, folder, *options):
        origin = serve_front_end()
        self.postbox = Postbox(
            folder, "--jwt-secret-file", str(folder / "secret"), "--cors-origin", origin, "--access-log", "--log-format", "json", *options)
        self.browser = open_chromium()
        self.browser.get(f"{origin}/front_end.html")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.quit()
        self.postbox.__exit__()

    def send(self, user, conversation, content, **members):
        return self.postbox.send({"Authorization": f"Bearer {token(user)}"}, conversation, content, **members)

    def log_in(self, user, path):
        self.browser.execute_script("logIn(...arguments)", self.postbox.origin + API + path, token(user))

    def log_out(self):
        self.browser.execute_script("logOut()")

    def contents(self):
        return self.browser.execute_script("return [...document.querySelectorAll('li')].map(item => item.textContent)")

    def state(self):
        return self.browser.execute_script("return document.getElementById('state').textContent")

    def seen(self):
        return "".join(self.browser.execute_script("return seen"))

    def statuses(self, since=0):
        """How its polls were answered on the wire, from a place in the record on."""
        return [request["status"] for request in self.postbox.requests("GET", API)[since:]]


def unmodified(folder):
    """While nothing changes its polls are answered 304 on the wire, and the next poll brings a new message."""
    with FrontEnd(folder) as it:
        it.send("ann", "talk", "first", receiverId="bea")
        for path, changed in [("/talk/messages", ["first", "second"]), ("", ["third"])]:
            start = len(it.statuses())
            it.log_in("bea", path)
            until(lambda: len(it.statuses(start)) >= 4, "it has polled four times")
            assert it.statuses(start)[:4] == [200, 304, 304, 304], it.statuses(start)
            # What its script sees is an ordinary answer.
            assert it.state() == "200"

            sent = len(it.statuses())
            it.send("ann", "talk", changed[-1])
            until(lambda: it.contents() == changed, f"it shows {changed}")
            first = it.statuses(sent).index(200)
            # A poll may have been under way when the message was sent; the one after it must bring it.
            assert first <= 1, it.statuses(sent)
            until(lambda: len(it.statuses(sent)) >= first + 3, "it has gone on polling")
            assert it.statuses(sent)[first:first + 3] == [200, 304, 304], it.statuses(sent)
            it.log_out()


def two_people(folder):
    """Two people, one after the other, in one browser: neither sees the other's data out of its cache."""
    with FrontEnd(folder) as it:
        it.send("ann", "talk", "only for ann and bea", receiverId="bea")
        it.send("cem", "chat", "only for cem and dee", receiverId="dee")
        for user, theirs, others in [("ann", "ann and bea", "cem"), ("cem", "cem and dee", "ann"), ("ann", "ann and bea", "cem")]:
            start = len(it.statuses())
            it.log_in(user, "")
            until(lambda: it.seen(), f"{user} has been answered")
            assert others not in it.seen(), it.seen()
            until(lambda: len(it.statuses(start)) >= 3, f"{user} has polled three times")
            assert it.contents() == [f"only for {theirs}"] and others not in it.seen(), it.seen()
            assert it.statuses(start)[0] == 200 or user == "ann", it.statuses(start)
            assert it.statuses(start)[2] == 304, it.statuses(start)
            it.log_out()

        # A conversation's URL that one of them has in the cache is not there for the other.
        it.log_in("ann", "/talk/messages")
        until(lambda: it.contents() == ["only for ann and bea"], "ann sees her conversation")
        it.log_out()
        it.log_in("cem", "/talk/messages")
        until(lambda: it.state() == "404", "cem is told that there is no such conversation")
        assert "ann" not in it.seen(), it.seen()
        it.log_out()

        # Nor when the server cannot be asked.
        it.postbox.stop()
        it.log_in("cem", "/talk/messages")
        until(lambda: it.state() == "failed", "cem's poll fails")
        assert it.contents() == [] and it.seen() == ""


FORM = """
const form = Object.assign(document.createElement('form'), {method: 'post', enctype: 'text/plain', action: arguments[0]});
form.append(Object.assign(document.createElement('input'), {name: 'forged', value: ''}));
document.body.append(form);
form.submit();
"""


def foreign_form(folder):
    """A form of another origin, which needs nobody's leave to be sent, stores nothing; the page's own requests do."""
    elsewhere = serve_front_end().replace("127.0.0.1", "elsewhere.example")
    with Postbox(folder, "--access-log", "--log-format", "json") as postbox:
        browser = open_chromium("--host-resolver-rules=MAP elsewhere.example 127.0.0.1")
        try:
            target = f"{postbox.origin}{API}/@bea/messages?userId=ann"
            browser.get(f"{elsewhere}/front_end.html")
            browser.execute_script(FORM, target)
            until(lambda: len(postbox.requests("POST", API)) == 1, "the form has been answered")
            assert postbox.requests("POST", API)[0]["status"] == 403, postbox.requests("POST", API)
            until(lambda: "--cors-origin" in browser.page_source, "the answer is shown")
            browser.get(f"{postbox.origin}/")
            status = browser.execute_async_script(
                "const done = arguments[1]; fetch(arguments[0], {method: 'POST', headers: {'Content-Type': 'text/plain'}, body: 'own'})"
                ".then(answer => done(answer.status));", target)
            assert status == 201, status
            assert postbox.stored("own") == 1 and postbox.stored("forged=\r\n") == 0
        finally:
            browser.quit()


ASK = """
const [url, method, headers, done] = arguments;
fetch(url, {method, headers}).then(async answer => done([answer.status, (await answer.json()).detail]), error => done([0, String(error)]));
"""


def reads_refusals(folder):
    """A page of another origin reads the sentence of each refusal, also where the path, the query or the method is wrong."""
    with FrontEnd(folder, "--poll-rate", "0.001", "--poll-burst", "4") as it:
        headers = {"Authorization": f"Bearer {token('ann')}"}

        def ask(method, path):
            return it.browser.execute_async_script(ASK, it.postbox.origin + path, method, headers)

        for method, path, status, words in [
            ("GET", "/api/messages/nothing", 404, "There is nothing at this path."),
            ("GET", "/ws/info?t=1", 404, "There is no WebSocket here"),
            ("DELETE", API, 405, "Allowed: GET, HEAD, OPTIONS."),
            ("PROPFIND", API, 405, "Allowed: GET, HEAD, OPTIONS."),
            ("GET", f"{API}?limit=1000", 400, "limit must be a whole number from 1 to 500."),
        ]:
            assert (answer := ask(method, path))[0] == status and words in answer[1], (method, path, answer)
        for _ in range(5):
            answer = ask("GET", f"{API}/none/messages")
        assert answer[0] == 429 and "try again" in answer[1], answer


SEND = """
const [url, content, done] = arguments;
fetch(url, {method: 'POST', headers: {'Content-Type': 'application/json', 'X-User-ID': 'ann'}, body: JSON.stringify({content})})
  .then(async answer => done([answer.status, (await answer.json()).content]), error => done([0, String(error)]));
"""


def loopback(folder):
    """In demo identity a page that another port of this machine serves writes, without being named anywhere."""
    elsewhere = serve_front_end()
    with Postbox(folder) as postbox:
        browser = open_chromium()
        try:
            browser.get(f"{elsewhere}/front_end.html")
            answer = browser.execute_async_script(SEND, f"{postbox.origin}{API}/@bea/messages", "from another port")
            assert answer == [201, "from another port"], answer
            assert postbox.stored("from another port") == 1
        finally:
            browser.quit()
