"""The page for people, as people use it."""

import json
import subprocess
import time

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from chromium import Page, open_chromium, until
from postbox import Postbox, token
from recorder import Recorder

API = "/api/messages/conversations"
HOSTILE = [
    "<img src=x onerror=\"window.wasTaken = 'img'\">", "<script>window.wasTaken = 'script'</script>",
    "</textarea></li><svg/onload=\"window.wasTaken='svg'\">", "javascript:window.wasTaken='url'",
    "<a href=\"javascript:window.wasTaken='link'\">click</a>", "&lt;b&gt;not bold&lt;/b&gt; &amp; \u202ereversed",
    "{{constructor.constructor('window.wasTaken=1')()}}",
]


class Windows:
    """A browser; its first window is taken by the first page that is opened."""

    def __init__(self):
        self.browser = open_chromium()
        self.is_first = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.quit()

    def open(self, url):
        if not self.is_first:
            self.browser.switch_to.new_window("window")
        self.is_first = False
        return Page(self.browser, url)


def two_windows(folder):
    """A message sent in window 1 appears in window 2 without a refresh, within one poll interval; so do badges and ticks."""
    with Postbox(folder, "--sample-data") as postbox, Windows() as windows:
        dana = windows.open(f"{postbox.origin}/#as=dana&c=application-17")
        lee = windows.open(f"{postbox.origin}/#as=lee&c=offer-panel")
        lee.shows("With me, I hope 🙂")
        dana.shows("Great. The link is in your calendar.")
        assert dana.tick("Hi Lee, thank you for applying. Would Thursday at 10 suit you for a first call?") == "read"
        assert dana.tick("Great. The link is in your calendar.") == "sent"
        until(lambda: lee.badge("offer-panel") == 0, "what Lee looks at counts as read")
        assert lee.badge("application-17") == 1

        dana.send("See you on Thursday!")
        dana.shows("See you on Thursday!")
        until(lambda: dana.tick("See you on Thursday!") == "sent", "Dana's message is stored")
        # The interval of the contract, and a moment for the answer.
        until(lambda: lee.badge("application-17") == 2, "Lee's list counts it", within=11)
        last = lee.find("#conversations [data-id='application-17'] .last").text
        assert last == "See you on Thursday!", last
        assert dana.tick("See you on Thursday!") == "sent", "nobody has read it yet"

        lee.open("application-17")
        lee.shows("See you on Thursday!")
        until(lambda: lee.badge("application-17") == 0, "the badge goes once it is read")
        until(lambda: dana.tick("See you on Thursday!") == "read", "Dana sees that it was read", within=11)
        assert dana.tick("Great. The link is in your calendar.") == "read"

        lee.write("Me too", Keys.SHIFT + Keys.ENTER + Keys.NULL, "Lee", Keys.ENTER)
        dana.shows("Me too\nLee", within=11)
        assert dana.badge("application-17") == 0
        assert dana.script("return window.wasNeverLeft") and lee.script("return window.wasNeverLeft")
        assert not lee.complaints() and not dana.complaints()


def hostile_text(folder):
    """Whatever is sent, and whatever people are called, stays text."""
    history = [{"kind": "user", "id": user, "name": text, "company": text} for user, text in zip("ab", HOSTILE)]
    history.append({"kind": "conversation", "id": "c", "participantIds": ["a", "b"]})
    with Postbox(folder, history=history) as postbox, Windows() as windows:
        for text in HOSTILE:
            postbox.send("a", "c", text)
        page = windows.open(f"{postbox.origin}/#as=b&c=c")
        until(lambda: page.contents() == HOSTILE, f"all are shown as they were sent, in {page.contents()}")
        until(lambda: page.find("#title").text == HOSTILE[0], "the other's name is text")
        for text in HOSTILE:
            page.send(text)
        until(lambda: page.contents() == HOSTILE * 2, "and so are those sent from the page")
        until(lambda: postbox.stored(HOSTILE[-1]) == 2, "the last one is stored")
        within = page.script("return [...document.querySelectorAll('.content, .name, .last, .sender, #title, #company, code')]"
                             ".flatMap(node => [...node.children]).map(node => node.localName)")
        assert set(within) <= {"small"}, within
        assert page.script("return document.querySelectorAll('img, iframe, #messages a, #messages script').length") == 0
        assert page.script("return window.wasTaken ?? null") is None
        assert not page.complaints()
        # The policy would stop what the page's own script might let through.
        refused = page.script("try { document.body.innerHTML = '<b>x</b>' } catch (error) { return error.name }")
        assert refused == "TypeError", refused


def offline(folder):
    """A stopped server is shown, loses nothing, and is found again on the same port."""
    with Postbox(folder, "--sample-data") as postbox, Windows() as windows:
        page = windows.open(f"{postbox.origin}/#as=dana&c=application-17")
        until(lambda: page.state() == "live", "the page is live")
        postbox.stop()
        page.send("written while the server was away")
        until(lambda: page.state() == "trouble", "the page says that it is offline")
        assert "Offline" in page.find("#connection").text
        assert page.tick("written while the server was away") == "pending"
        page.write("half a thought")
        postbox.start()
        until(lambda: page.state() == "live", "it comes back by itself", within=25)
        until(lambda: page.tick("written while the server was away") == "sent", "what waited is sent")
        assert postbox.stored("written while the server was away") == 1
        assert page.find("#text").get_attribute("value") == "half a thought"

        # Neither another conversation nor loading the page again loses the draft, and nobody else gets it.
        page.open("application-23")
        until(lambda: page.find("#text").get_attribute("value") == "", "another conversation has another draft")
        page.open("application-17")
        until(lambda: page.find("#text").get_attribute("value") == "half a thought", "the draft is back")
        page.browser.refresh()
        until(lambda: page.find("#text").get_attribute("value") == "half a thought", "the draft outlives the page")
        page.script("location.hash = '#as=lee&c=application-17'")
        page.shows("written while the server was away")
        assert page.find("#text").get_attribute("value") == ""


def lost_answer(folder):
    """A message whose answer was lost is sent again with the same key, and is there once."""
    with Postbox(folder, "--sample-data") as postbox, Recorder(postbox.port) as recorder, Windows() as windows:
        page = windows.open(f"{recorder.origin}/#as=dana&c=application-17")
        until(lambda: page.state() == "live", "the page is live")
        recorder.loses_next_post = True
        page.send("just once")
        until(lambda: page.state() == "trouble", "the answer is lost")
        until(lambda: page.tick("just once") == "sent", "it is sent again", within=10)
        tries = recorder.of("POST", API)
        keys = [json.loads(attempt.body)["clientMessageId"] for attempt in tries]
        assert len(keys) == 2 and keys[0] == keys[1] and len(keys[0]) >= 16, keys
        assert [attempt.answer_fields.get("idempotency-replayed") for attempt in tries] == [None, "true"]
        assert page.contents().count("just once") == 1
        assert postbox.stored("just once") == 1

        # What the server refuses is said, and goes back into the composer.
        page.script("const text = document.getElementById('text'); text.value = 'x'.repeat(17000);"
                    "text.dispatchEvent(new Event('input'))")
        page.send("y")
        edit = until(lambda: page.find(".refused .repair button:nth-of-type(2)"), "it is refused")
        edit.click()
        assert page.find("#text").get_attribute("value") == "x" * 17000 + "y"


def meter(folder):
    """The meter says what was on the wire, and a window that nobody sees asks for nothing until it is seen again."""
    with Postbox(folder, "--sample-data") as postbox, Recorder(postbox.port, poll_interval=1) as recorder, Windows() as windows:
        page = windows.open(f"{recorder.origin}/#as=lee&c=application-17")

        def agrees():
            shown = page.script("return {polls: meter.polls, unchanged: meter.unchanged, bytes: meter.bytes}")
            calls = recorder.of("", API)
            polls = [call.status for call in calls if call.method == "GET"]
            return shown["unchanged"] >= 6 and shown == {
                "polls": len(polls), "unchanged": polls.count(304), "bytes": sum(call.answer_size for call in calls)}

        until(agrees, "the meter says what was on the wire, and six polls were answered 304", within=15)
        assert page.script("return document.getElementById('meter-share').textContent"
                           " === `${Math.round(100 * meter.unchanged / meter.polls)} %`")
        line = page.script("return document.querySelector('#requests code').textContent")
        answer = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout
        assert answer.startswith("HTTP/1.1 304 "), (line, answer)

        page.browser.minimize_window()
        until(lambda: page.script("return document.hidden"), "nobody sees the window")
        until(lambda: page.find("#meter-next").get_attribute("textContent") == "paused", "it says that it pauses")
        quiet = len(recorder.exchanges)
        # That nothing is asked can only be seen by waiting: for two intervals, here.
        time.sleep(2.5)
        assert len(recorder.exchanges) == quiet, "a hidden page goes on polling"
        postbox.send("dana", "application-17", "while you were away")
        page.browser.set_window_rect(0, 0, 1300, 850)
        page.shows("while you were away", within=3)


def paging(folder):
    """Scrolling up brings older pages, in order and without a jump; what arrives meanwhile is announced."""
    history = [{"kind": "conversation", "id": "c", "participantIds": ["a", "b"]}]
    history += [{"kind": "message", "conversationId": "c", "senderId": "ab"[n % 2], "content": f"message {n}",
                 "timestamp": f"2024-12-{1 + n // 10:02d}T10:00:00.000Z"} for n in range(1, 131)]
    with Postbox(folder, history=history) as postbox, Recorder(postbox.port, poll_interval=1) as recorder, Windows() as windows:
        page = windows.open(f"{recorder.origin}/#as=a&c=c")
        page.shows("message 130")
        assert len(page.contents()) == 50

        top = "return document.querySelector(`[data-n='${arguments[0]}']`).getBoundingClientRect().top"
        page.script("document.getElementById('scroller').scrollTop = 200")
        before = page.script(top, 85)
        until(lambda: len(page.contents()) == 100, "the older page is there")
        assert abs(page.script(top, 85) - before) < 2, "what one reads has moved"

        until(lambda: page.script("document.getElementById('scroller').scrollTop = 0; return !session.thread.older"), "the first page is there")
        until(lambda: page.contents() == [f"message {n}" for n in range(1, 131)], "all are there, in order")
        days = page.script("return document.querySelectorAll('#messages .day').length")
        assert days == 14, days

        postbox.send("b", "c", "message 131")
        until(lambda: page.find("#newer").is_displayed(), "there is something new")
        assert page.script("return document.getElementById('scroller').scrollTop") < 300, "what one reads has moved"
        assert page.badge("c") > 0, "what has not been looked at is not read"
        page.find("#newer").click()
        until(lambda: page.badge("c") == 0, "it is read once it is looked at")


def keyboard(folder):
    """A conversation can be started, and another person become, without a mouse; everything has a name."""
    with Postbox(folder, "--sample-data") as postbox, Windows() as windows:
        page = windows.open(f"{postbox.origin}/#as=lee")
        until(lambda: page.badge("application-17") == 1, "Lee's list is there")

        def press(*keys):
            page.look()
            ActionChains(page.browser).send_keys(*keys).perform()

        def focus_on(selector):
            def is_there():
                press(Keys.TAB)
                return page.script("return document.activeElement.matches(arguments[0])", selector)
            until(is_there, f"Tab leads to {selector}")

        focus_on("#new")
        press(Keys.ENTER)
        assert not page.nameless()
        press("sam", Keys.ENTER)
        until(lambda: page.script("return document.activeElement.id === 'text'"), "the composer is ready")
        press("Hello, Sam!", Keys.ENTER)
        until(lambda: page.tick("Hello, Sam!") == "sent", "the message is stored")
        until(lambda: page.find("#title").text == "Sam Okafor", "the conversation has its name")
        assert postbox.stored("Hello, Sam!") == 1

        focus_on("#conversations .row")
        press(Keys.DOWN, Keys.DOWN, Keys.ENTER)
        page.shows("Great. The link is in your calendar.")

        assert not page.nameless()
        page.find("#person").find_element(By.CSS_SELECTOR, "option[value=sam]").click()
        until(lambda: page.script("return session.who") == "sam" and page.contents() == [], "Sam sees nothing of Lee's")
        unread = until(lambda: page.script(
            "return [...document.querySelectorAll('.row')].find(row => row.textContent.includes('Hello, Sam!'))?.querySelector('.badge').textContent"),
            "Sam has the message")
        assert unread == "1", unread
        assert not page.complaints()


def bearer(folder):
    """Where there are tokens the page asks for one, keeps it to the window, and forgets it."""
    with Postbox(folder, "--jwt-secret-file", str(folder / "secret"), "--page") as postbox, Windows() as windows:
        ann, dee = token("ann"), token("dee")
        postbox.send({"Authorization": f"Bearer {ann}"}, "talk", "for bea", receiverId="bea")
        page = windows.open(f"{postbox.origin}/")
        assert not page.find("#people").is_displayed()
        assert not page.nameless()
        for owner, seen in [(ann, 1), (dee, 0)]:
            page.find("#token").send_keys(owner, Keys.ENTER)
            until(lambda: page.state() == "live" and page.script("return session.conversations.size") == seen, "the list is there")
        page.find("#token").send_keys(ann, Keys.ENTER)
        page.open("talk")
        page.shows("for bea")
        page.write("a draft")
        assert ann not in page.browser.current_url and page.script("return localStorage.length") == 0
        assert ann not in page.script("return document.documentElement.outerHTML"), "the token is shown"
        page.find("#forget").click()
        until(lambda: page.contents() == [] and page.script("return session.conversations.size") == 0, "nothing is left to see")
        assert page.script("return Object.values(sessionStorage).filter(value => value !== 'null')") == []
        page.find("#token").send_keys("not a token", Keys.ENTER)
        until(lambda: page.state() == "trouble", "a bad token is refused")
        assert "Not signed in" in page.find("#connection").text
