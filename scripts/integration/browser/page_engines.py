"""The page for people, in each engine: it waits, sends, falls back, shares one poll among its windows, and is used by keyboard.

What cannot be tried this way: what a screen reader says, how a finger on glass scrolls, and the list that opens below "You are": keys choose
in it without opening it. Firefox without a screen gives no window the focus, so it moves the focus inside the page but tells the page of none
that it loses: that one event the test makes itself. In WebKit, whose own driver opens private windows only, the toolkit hands the keys to
the page, and not the window system.
"""

from selenium.webdriver.common.keys import Keys

from chromium import until
from engines import ENGINES
from postbox import Postbox, token
from recorder import Recorder

TALK = "application-17"


class Page:
    """One window with the page."""

    def __init__(self, engine, url, is_first=True):
        self.engine = engine
        if is_first:
            engine.open(url)
            self.window = engine.window
        else:
            self.window = engine.open_window(url)

    def run(self, script, *arguments):
        self.engine.look(self.window)
        return self.engine.run(script, *arguments)

    def text(self, selector):
        return self.run("return document.querySelector(args[0])?.textContent ?? null", selector)

    def click(self, selector):
        until(lambda: self.run("return document.querySelector(args[0]) !== null", selector), f"{selector} is there")
        self.run("document.querySelector(args[0]).click()", selector)

    def focus(self, selector):
        self.run("document.querySelector(args[0]).focus()", selector)

    def type(self, *keys):
        self.engine.look(self.window)
        self.engine.type("".join(keys))

    def focused(self):
        return self.run("return document.activeElement.id || document.activeElement.dataset.id")

    def is_shown(self, selector):
        return self.run("return document.querySelector(args[0]).getClientRects().length > 0", selector)

    def shows(self, content, within=10):
        until(lambda: content in self.run("return [...document.querySelectorAll('#messages .content')].map(node => node.textContent)"),
              f"{content!r} is shown", within)

    def tick(self, content):
        return self.run(
            "return [...document.querySelectorAll('#messages .message')].findLast(node =>"
            " node.querySelector('.content').textContent === args[0])?.querySelector('.tick')?.dataset.state ?? null", content)

    def state(self):
        return self.run("return document.getElementById('connection').dataset.state")

    def is_live(self, within=10):
        until(lambda: self.state() == "live", "the page is live", within)


def waits(folder, engine):
    """A page that waits gets a message at once and sends one; where the server lets no poll wait, it says so and polls."""
    with Postbox(folder, "--sample-data", "--poll-interval", "2") as postbox, ENGINES[engine]() as browser:
        page = Page(browser, f"{postbox.origin}/#as=lee&c={TALK}")
        page.is_live()
        until(lambda: page.text("#meter-next") == "waits", "it waits")
        postbox.send("dana", TALK, "soon")
        page.shows("soon", within=2)
        page.focus("#text")
        page.type("Thanks!", Keys.ENTER)
        until(lambda: page.tick("Thanks!") == "sent", "its message is stored")
        assert postbox.stored("Thanks!") == 1 and page.run("return document.getElementById('text').value") == ""
        postbox.request("PUT", f"/{TALK}/read", "dana", {})
        until(lambda: page.tick("Thanks!") == "read", "it sees at once that it was read", within=2)
        assert not page.is_shown("#no-wait")

        postbox.stop()
        postbox.options = (*postbox.options, "--longest-wait", "0")
        postbox.start()
        page.click("#try-now")
        page.is_live(within=20)
        until(lambda: page.text("#meter-next").endswith(" s"), "it polls")
        page.run("document.getElementById('details').open = true")
        until(lambda: page.is_shown("#no-wait"), "that the server lets no poll wait is said", within=4)
        postbox.send("dana", TALK, "later")
        page.shows("later", within=4)


def seven_windows(folder, engine):
    """Seven windows of one person share one poll, and all show a message at once; where its window closes, another takes over."""
    with Postbox(folder, "--sample-data") as postbox, Recorder(postbox.port) as recorder, ENGINES[engine]() as browser:
        pages = [Page(browser, f"{recorder.origin}/#as=lee&c={TALK}", is_first=number == 0) for number in range(7)]
        for page in pages:
            page.is_live(within=20)

        def waiting():
            return [each for each in recorder.pending if "prefer" in each.fields]

        until(lambda: len(waiting()) == 1 and len(recorder.pending) == 1, "one of them waits for all")
        # Nothing follows on it: only this shows that it stays at one.
        before = len(recorder.exchanges)
        postbox.send("dana", TALK, "to all windows")
        for page in pages:
            page.shows("to all windows", within=3)
        until(lambda: len(waiting()) == 1 and len(recorder.pending) == 1, "one of them waits again")
        lists = [call for call in recorder.exchanges[before:] if call.method == "GET" and "messages=1" in call.target]
        # The change, and what follows from that one of them marks it as read.
        assert len(lists) <= 4, [call.target for call in lists]
        # The one that polls goes away; another one takes over.
        pages[0].run("location.href = 'about:blank'")
        postbox.send("dana", TALK, "to those who are left")
        for page in pages[1:]:
            page.shows("to those who are left", within=5)


def narrow(folder, engine):
    """At 390 px one of list and conversation fills the window and the focus follows; arrow keys in "You are" only choose."""
    with Postbox(folder, "--sample-data") as postbox, ENGINES[engine]() as browser:
        browser.resize(390, 740)
        page = Page(browser, f"{postbox.origin}/#as=lee")
        page.is_live()
        assert page.run("return [innerWidth, document.documentElement.scrollWidth]") == [390, 390]
        assert page.is_shown("#sidebar") and not page.is_shown("#thread")

        # An arrow key chooses somebody and keeps the focus; leaving changes nothing; Enter switches.
        page.focus("#person")
        value = "return document.getElementById('person').value"
        first = page.run("return document.getElementById('person').options[0].value")
        page.type(Keys.UP if first != "lee" else Keys.DOWN)
        until(lambda: page.run(value) != "lee", "an arrow key chooses")
        assert page.focused() == "person" and "as=lee" in page.run("return location.hash")
        page.type(Keys.TAB)
        until(lambda: page.focused() != "person", "Tab leaves it")
        if engine == "firefox":
            page.run("document.getElementById('person').dispatchEvent(new FocusEvent('blur'))")
        left = page.run("return [document.getElementById('person').value, location.hash]")
        assert left[0] == "lee" and "as=lee" in left[1], left
        page.focus("#person")
        page.type("s")
        until(lambda: page.run(value) == "sam", "a letter chooses")
        assert "as=lee" in page.run("return location.hash")
        page.type(Keys.ENTER)
        until(lambda: "as=sam" in page.run("return location.hash"), "Enter switches")
        assert page.focused() == "person", f"the focus is at {page.focused()}"
        page.run("location.hash = 'as=lee'")
        until(lambda: page.run(value) == "lee", "Lee is back")

        # In the list, arrow keys move the focus.
        rows = "return [...document.querySelectorAll('#conversations .row')].map(row => row.dataset.id)"
        ids = until(lambda: (found := page.run(rows))[1:] and found, "the list is there")
        page.focus(f"#conversations [data-id='{ids[0]}']")
        page.type(Keys.DOWN)
        until(lambda: page.focused() == ids[1], "the next row has the focus")
        page.type(Keys.UP)
        until(lambda: page.focused() == ids[0], "the former row has the focus")

        page.click(f"#conversations [data-id='{TALK}']")
        page.shows("Great. The link is in your calendar.")
        assert page.is_shown("#thread") and not page.is_shown("#sidebar")
        assert page.focused() == "title", f"the focus is out of sight, at {page.focused()}"
        page.click("#back")
        until(lambda: page.is_shown("#sidebar"), "the list is back")
        assert page.focused() == TALK, f"the focus is not where it came from, but at {page.focused()}"


def bad_token(folder, engine):
    """A token that is refused is answered with the server's own sentence; a good one then works."""
    with Postbox(folder, "--jwt-secret-file", str(folder / "secret"), "--page") as postbox, ENGINES[engine]() as browser:
        postbox.send({"Authorization": f"Bearer {token('ann')}"}, "talk", "for bea", receiverId="bea")
        page = Page(browser, f"{postbox.origin}/")
        # What cannot be seen takes no focus, and the keys would be lost.
        until(lambda: page.is_shown("#token"), "the page asks for a token")
        for bad, word in [("not a token", "token"), (token("ann", exp=1000), "expired")]:
            page.focus("#token")
            page.type(bad, Keys.ENTER)
            until(lambda: page.state() == "trouble" and word in page.text("#connection"), f"{word!r} is said")
            sentence = page.text("#connection")
            assert sentence == page.text("#conversations .note"), (sentence, page.text("#conversations .note"))
            assert "Loading" not in page.text("#sidebar"), page.text("#sidebar")
        page.focus("#token")
        page.type(token("ann"), Keys.ENTER)
        page.is_live()
        until(lambda: page.run("return document.querySelector('#conversations .row') !== null"), "the list is there")
