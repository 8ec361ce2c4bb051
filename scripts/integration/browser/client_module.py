"""The client module, imported by an app of another origin, in each engine."""

import time

from chromium import Windows, until
from engines import ENGINES
from messages_app import ANN, BEA, TALK, authorization
from postbox import Postbox
from recorder import Recorder
from sites import cross_origin

API = "/api/messages/conversations"


class App:
    """The app, signed in as somebody."""

    def __init__(self, engine, site, user, **options):
        self.engine = engine
        engine.open(f"{site.origin}/module_app.html?postbox={site.base}")
        until(lambda: self.run("return globalThis.app !== undefined"), "the module is imported")
        self.run("app.start(...args); app.follow()", user, options)

    def run(self, script, *arguments):
        return self.engine.run(script, *arguments)

    def contents(self):
        return self.run("return app.view?.messages.map(message => message.content) ?? null")

    def statuses(self, method):
        return self.run("return app.requests.filter(({method}) => method === args[0]).map(({status}) => status)", method)


def day(folder, engine):
    """An app lists, opens, sends, reads, renews its token and ends, with polls that wait; and with polls that do not."""
    for wait in (60, 0):
        place = folder / str(wait)
        place.mkdir()
        with cross_origin(place) as site, ENGINES[engine](site.key) as browser:
            bea = App(browser, site, BEA, wait=wait)
            until(lambda: bea.run("return app.list") == [], "there is nothing yet")
            assert bea.run("return app.refused") == [None, "expired"], "one renewal"
            assert bea.statuses("GET")[:2] == [401, 200], bea.statuses("GET")

            site.postbox.send(authorization(ANN), TALK, "first", receiverId=BEA)
            within = 3 if wait else 12
            until(lambda: bea.run("return app.list.map(({lastMessage, unread}) => [lastMessage, unread])") == [["first", 1]],
                  "the list has it", within)
            bea.run("app.closing = new AbortController(); app.open(args[0], app.closing.signal)", TALK)
            until(lambda: bea.contents() == ["first"], "the conversation is there")
            assert bea.run("return app.postbox.markAsRead(args[0])", TALK)["unread"] == 0
            until(lambda: bea.run("return app.list[0].unread") == 0, "the list knows what was read", within)
            sent = bea.run("return app.postbox.send(...args)", TALK, "second")
            assert sent["content"] == "second" and sent["sent"], sent
            until(lambda: bea.contents() == ["first", "second"], "what was sent is there")
            site.postbox.send(authorization(ANN), TALK, "third")
            until(lambda: bea.contents() == ["first", "second", "third"], "what comes is there", within)
            site.postbox.request("PUT", f"/{TALK}/read", authorization(ANN), {})
            until(lambda: bea.run("return app.view.messages[1].read"), "that it was read is there", within)
            assert bea.run("return app.postbox.status.waits") == bool(wait)

            refused = bea.run("return app.postbox.send(args[0], ' ').catch(({status, message}) => [status, message])", TALK)
            assert refused[0] == 422 and "blank" in refused[1].lower(), refused
            [outgoing] = until(lambda: bea.run("return app.view.outgoing"), "what is refused is shown")
            assert outgoing["refusal"] == refused[1], outgoing
            bea.run("app.postbox.discard(args[0])", outgoing["key"])
            until(lambda: bea.run("return app.view.outgoing") == [], "until it is dropped")
            bea.run("app.closing.abort()")
            until(lambda: bea.run("return app.ended") == 1, "one loop has ended")
            bea.run("app.postbox.close()")
            until(lambda: bea.run("return app.ended") == 2, "all have ended")
            count = bea.run("return app.requests.length")
            # That nothing is asked can only be seen by waiting.
            time.sleep(1.5)
            assert bea.run("return app.requests.length") == count


def seven_windows(folder):
    """Seven windows of one browser leave its six connections room for others; windows of one person share one poll."""
    people = ["dana", "lee", "sam", "p4", "p5", "p6", "p7"]
    for names in (["lee"] * 7, people):
        place = folder / names[-1]
        place.mkdir()
        with Postbox(place, "--sample-data") as postbox, Recorder(postbox.port) as recorder, Windows() as windows:
            pages = [windows.open(f"{recorder.origin}/#as={name}&c=application-17") for name in names]
            for page in pages:
                until(lambda: page.state() == "live", "each is live", within=20)

            def waiting():
                return [each for each in recorder.pending if "prefer" in each.fields]

            most = 1 if names[0] == names[-1] else 3
            until(lambda: len(waiting()) == most, f"{most} wait, in {waiting()}")
            assert len(recorder.pending) <= most, recorder.pending
            started = time.monotonic()
            pages[-1].script("return fetch('/healthz', {cache: 'no-store'})")
            assert time.monotonic() - started < 2, "a request had to wait for a connection"
            if most > 1:
                continue
            before = len(recorder.exchanges)
            postbox.send("dana", "application-17", "to all windows")
            for page in pages:
                page.shows("to all windows", within=3)
            time.sleep(1)
            lists = [call for call in recorder.exchanges[before:] if call.method == "GET" and call.target.startswith(f"{API}?")]
            # The change, and what follows from that one of them marks it as read.
            assert len(lists) <= 4, [call.target for call in lists]

            # The one that polls goes; another one takes over.
            leader = next(page for page in pages if waiting())
            assert leader
            pages[0].look().browser.close()
            pages[1].look()
            postbox.send("dana", "application-17", "to those who are left")
            for page in pages[1:]:
                page.shows("to those who are left", within=3)


def equal_polls(folder):
    """Polls for equal URLs, which Chromium's cache would answer one after the other, do not hold each other up."""
    with Postbox(folder, "--identity", "gateway", "--page") as postbox, Windows() as windows:
        windows.browser.execute_cdp_cmd("Network.enable", {})
        postbox.send("ann", "talk", "first", receiverId="bea")
        pages = []
        for _ in range(2):
            page = windows.open("about:blank")
            page.browser.execute_cdp_cmd("Network.enable", {})
            page.browser.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {"X-User-ID": "bea"}})
            page.browser.get(f"{postbox.origin}/#c=talk")
            pages.append(page)
        for page in pages:
            until(lambda: page.state() == "live", "each is live")
            page.shows("first")
        for content in ("second", "third"):
            postbox.send("ann", "talk", content)
            for page in pages:
                page.shows(content, within=3)
