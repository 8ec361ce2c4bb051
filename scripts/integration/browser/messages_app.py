"""A messages page that was written for another backend, in each engine.

The access log is the witness; where Chromium is used, its debugging protocol is another.
"""

import urllib.request
from collections import Counter

from chromium import until
from engines import ENGINES, Chromium
from postbox import Postbox
from sites import PREFIX, SITES, Pages, cross_origin, token_of

ANN, BEA = "ann-9f0c1b2a", "bea-41d7e6c3"
TALK = "5d1f7a90-talk"
API = "/api/messages"
LIST = f"{API}/conversations/{BEA}"
# The log names no user.
LOGGED_LIST = f"{API}/conversations/…"


class Person:
    """Somebody who has the page open, in a browser of their own, where time passes only in `minutes`."""

    def __init__(self, engine, site, user, transport):
        self.engine, self.site = engine, site
        engine.open(f"{site.origin}/messages_app.html")
        self.run("await new Promise(done => document.head.append(Object.assign("
                 "document.createElement('script'), {src: 'virtual_clock.js', onload: done})));"
                 "globalThis.app = new App(...args); await app.start()", site.base, user, transport)

    def run(self, script, *arguments):
        return self.engine.run(script, *arguments)

    def waits(self, seconds):
        """Lets time pass, and with it what the page does every five seconds."""
        self.run("await clock.advance(1000 * args[0])", seconds)

    def opens(self, conversation):
        self.run("await app.open(args[0])", conversation)

    def sends(self, content):
        self.run("await app.send(args[0])", content)

    def conversations(self):
        return self.engine.texts("#conversations li")

    def messages(self):
        return self.engine.texts("#messages li")

    def problem(self):
        return "".join(self.engine.texts("#problem"))

    def calls(self, method, path, body=None):
        """What the page's own client gets for a call: the status, the sentence, and a field of the answer."""
        return self.run("const answer = await app.http.request(...args);"
                        "return {status: answer.status, body: answer.body, retry: answer.field('Retry-After'),"
                        " next: answer.field('Link')?.match(/<([^>]*)>; *rel=\"next\"/)?.[1], url: answer.url}",
                        method, f"{API[1:]}/{path}", body)


class Log:
    """The requests that Postbox answers from here on."""

    def __init__(self, site):
        self.requests = lambda: site.postbox.requests("", "/")
        # A line comes a moment after its answer, and in order: once this one is there, so are those before it.
        marks = len(site.postbox.requests("GET", "/healthz"))
        urllib.request.urlopen(f"{site.postbox.origin}/healthz", timeout=20).close()
        until(lambda: len(site.postbox.requests("GET", "/healthz")) > marks, "the log has what was answered")
        self.start = len(self.requests())

    def count(self, expected):
        """Asserts that there have been these requests and no others: (method, path, status) and how often."""
        until(lambda: len(self.requests()) - self.start >= sum(expected.values()), f"there are {expected} in {self.seen()}")
        assert self.seen() == Counter(expected), self.seen()

    def seen(self):
        return Counter((each["method"], each["path"], each["status"]) for each in self.requests()[self.start:])

    def statuses(self, method, path):
        return [each["status"] for each in self.requests()[self.start:] if (each["method"], each["path"]) == (method, path)]


def authorization(user):
    return {"Authorization": f"Bearer {token_of(user)}"}


def day(folder, engine, place):
    """Two people list, send and read; idle polls are answered 304; a token expires and is renewed. One of them uses Chromium."""
    with SITES[place](folder) as site, ENGINES[engine](site.key) as browser, Chromium(site.key) as other:
        site.postbox.send(authorization(ANN), TALK, "first", receiverId=BEA)
        # What a token says of its user is known from their first request on.
        bea, ann = Person(browser, site, BEA, "xhr"), Person(other, site, ANN, "xhr")
        assert bea.conversations() == ["ann@acme.example | first | 1"], bea.conversations()
        assert ann.conversations() == ["bea@acme.example | first | 0"], ann.conversations()
        until(lambda: len(site.postbox.requests("GET", "/ws")) == 2, "both have tried a WebSocket")

        # What one sends is shown at once, from the answer, and by the other's next poll.
        ann.opens(TALK)
        ann.sends("second")
        assert ann.messages() == ["me | first | new", "me | second | new"], ann.messages() or ann.problem()
        bea.waits(5)
        assert bea.conversations() == ["ann@acme.example | second | 2"], bea.conversations()
        bea.opens(TALK)
        assert bea.messages() == ["they | first | new", "they | second | new"], bea.messages()
        bea.sends("third")
        assert bea.messages() == ["they | first | new", "they | second | new", "me | third | new"], bea.messages()
        bea.waits(5)
        ann.waits(5)
        assert bea.conversations() == ["ann@acme.example | third | 0"], bea.conversations()
        assert ann.conversations() == ["bea@acme.example | third | 1"], ann.conversations()
        assert ann.messages() == ["me | first | read", "me | second | read", "they | third | new"], ann.messages()

        costs_a_minute(site, bea)
        has_four_calls(bea)
        renews_its_token(site, bea)
        if place != "cross-origin":
            finds_what_is_next(bea)
        if place == "nginx":
            protocols = bea.run("return performance.getEntriesByType('resource').map(entry => entry.nextHopProtocol)")
            assert set(protocols) == {"h2"}, protocols
            assert f'"GET {PREFIX}{LIST} HTTP/2.0" 304 ' in (folder / "nginx-access.log").read_text()
        assert ann.problem() == bea.problem() == ""
        costs_a_minute(site, Person(browser, site, BEA, "fetch"))


def costs_a_minute(site, bea):
    """While nothing changes, a minute costs 12 polls, each answered 304, and 12 attempts at a WebSocket, and not one preflight."""
    bea.waits(5)
    log = Log(site)
    wired = len(bea.engine.wire()) if isinstance(bea.engine, Chromium) else 0
    bea.waits(60)
    log.count({("GET", LOGGED_LIST, 304): 12, ("GET", "/ws", 404): 12})
    if isinstance(bea.engine, Chromium):
        calls = bea.engine.wire()[wired:]
        assert Counter((call["method"], call["url"].partition("?")[0], call["status"], call["seen"]) for call in calls) == {
            ("GET", f"{site.base}{LIST}", 304, 200): 12, ("GET", f"{site.base}/ws/info", 404, 404): 12}, calls
        assert all(call["fields"]["if-none-match"] for call in calls if call["status"] == 304), calls


def has_four_calls(bea):
    """The four documented calls, as its service has them."""
    answers = bea.run(
        "const {service} = app;"
        "return [await service.conversations(), await service.messages(args[0]), await service.post(args[0], 'fourth'),"
        " await service.read(args[0])]", TALK)
    [listed], messages, sent, read = answers
    assert [listed["id"], messages[-1]["content"], sent["content"], read["unread"]] == [TALK, "third", "fourth", 0], answers


def renews_its_token(site, bea):
    """A token that was good expires: one 401, a new token, and polls that are answered 304 again."""
    log, given = Log(site), site.pages.given
    # Clocks may differ by half a minute, so that this one is good for two seconds more.
    site.pages.next_lifetime = -28
    bea.run("await app.auth.logIn()")

    def polls():
        return log.statuses("GET", LOGGED_LIST)

    def expired():
        bea.waits(5)
        return 401 in polls()

    until(expired, "the token has expired")
    bea.waits(10)
    until(lambda: len(polls()) >= polls().index(401) + 4, "it polls on")
    statuses = polls()
    after = statuses[statuses.index(401) + 1:]
    assert site.pages.given == given + 2 and statuses.count(401) == 1, statuses
    assert after[0] in (200, 304) and after[1:] == [304] * len(after[1:]), statuses
    assert bea.problem() == ""


def finds_what_is_next(bea):
    """What `Link` says, resolved against the URL that was asked, is there below the prefix too."""
    answer = bea.calls("GET", f"conversations/{TALK}/messages")
    assert answer["next"], answer
    found = bea.run("const url = new URL(args[0], args[1]);"
                    "const answer = await app.http.send('GET', url.href, {Authorization: `Bearer ${app.auth.token}`});"
                    "return [url.pathname, answer.status, answer.body]", answer["next"], answer["url"])
    assert found == [f"{PREFIX}{API}/conversations/{TALK}/messages", 200, []], found


def refusals(folder, engine):
    """A page of another origin can read why it was refused: an unknown path and conversation, a method, a limit."""
    # Two writes are allowed: marking as read, when she opens the conversation, and one message.
    with cross_origin(folder, "--send-rate", "0.001", "--send-burst", "2") as site, ENGINES[engine](site.key) as browser:
        site.postbox.send(authorization(ANN), TALK, "first", receiverId=BEA)
        bea = Person(browser, site, BEA, "xhr")
        for status, method, path, says in [
            (404, "GET", "conversations/nowhere/messages", "conversation"),
            (404, "GET", "nowhere", "path"),
            (404, "POST", "no/such/call", "path"),
            (405, "DELETE", f"conversations/{TALK}", "GET"),
            (405, "PATCH", "conversations", "GET"),
        ]:
            answer = bea.calls(method, path, {} if method != "GET" else None)
            assert answer["status"] == answer["body"]["status"] == status and says in answer["body"]["detail"], answer
        bea.opens(TALK)
        bea.sends("at once")
        assert bea.problem() == "", bea.problem()
        bea.sends("too soon")
        assert bea.problem().startswith("429: "), bea.problem()
        answer = bea.calls("POST", "send", {"recipientId": TALK, "content": "too soon"})
        assert answer["status"] == 429 and int(answer["retry"]) > 0 and answer["body"]["detail"], answer


def unchanged(folder, engine):
    """A page of another origin reads all fields of the 200 that its browser kept, and its decompressed body, whenever the wire said 304."""
    origin = Pages().origin
    with Postbox(folder, "--sample-data", "--access-log", "--log-format", "json") as postbox, ENGINES[engine]() as browser:
        browser.open(f"{origin}/messages_app.html")
        for path, credentials in [("", "same-origin"), ("/application-17/messages", "same-origin"), ("?limit=9", "include")]:
            answers = browser.run(
                "const answers = [];"
                "for (let n = 0; n < 4; n += 1) {"
                "  const answer = await fetch(args[0], {headers: {'X-User-ID': 'lee'}, credentials: args[1]});"
                "  const names = ['ETag', 'Link', 'X-Cursor', 'X-Poll-Interval'];"
                "  answers.push([answer.status, await answer.json(), ...names.map(name => answer.headers.get(name))]);"
                "}"
                "return answers;", f"{postbox.origin}{API}/conversations{path}", credentials)
            assert all(answer == answers[0] for answer in answers), answers
            assert answers[0][0] == 200 and answers[0][1] and all(answers[0][2:]), answers
            if path == "/application-17/messages":
                tag, cursor = answers[0][2], answers[0][4]
        statuses = [each["status"] for each in postbox.requests("GET", API)]
        assert Counter(statuses) == Counter({200: 3, 304: 9}), statuses
        # A script that sets the condition itself sees the 304, and reads it.
        shown = browser.run(
            "const shown = [];"
            "for (const cache of ['default', 'no-store']) {"
            "  const headers = {'X-User-ID': 'lee', 'If-None-Match': args[1]};"
            "  const answer = await fetch(args[0], {headers, cache});"
            "  shown.push([answer.status, ...['ETag', 'X-Cursor', 'X-Poll-Interval'].map(name => answer.headers.get(name))]);"
            "}"
            "return shown;", f"{postbox.origin}{API}/conversations/application-17/messages", tag)
        assert shown == [[304, tag, cursor, "10"]] * 2, shown


def demo(folder, engine):
    """In demo identity a page of any loopback port, which says who is asking, lists, sends and reads without a flag."""
    origin = Pages().origin
    with Postbox(folder) as postbox, ENGINES[engine]() as browser:
        browser.open(f"{origin}/messages_app.html")
        answers = browser.run(
            "const ask = async (user, method, path, body) => {"
            "  const headers = {'X-User-ID': user, 'Content-Type': 'application/json'};"
            "  const answer = await fetch(args[0] + path, {method, headers, body: body && JSON.stringify(body)});"
            "  return [answer.status, await answer.json()];"
            "};"
            "return [await ask('ann', 'POST', '/@bea/messages', {content: 'Hi'}), await ask('bea', 'GET', ''),"
            " await ask('bea', 'PUT', '/@ann/read', {})]", f"{postbox.origin}{API}/conversations")
        assert [answer[0] for answer in answers] == [201, 200, 200], answers
        assert answers[1][1][0]["lastMessage"] == "Hi" and answers[2][1]["unread"] == 0, answers
