"""The page for people, as people use it."""

import os
import subprocess

from axe_core_python.selenium import Axe
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from chromium import Windows, until
from postbox import Postbox, token

HOSTILE = [
    "<img src=x onerror=\"window.wasTaken = 'img'\">", "<script>window.wasTaken = 'script'</script>",
    "</textarea></li><svg/onload=\"window.wasTaken='svg'\">", "javascript:window.wasTaken='url'",
    "<a href=\"javascript:window.wasTaken='link'\">click</a>", "&lt;b&gt;not bold&lt;/b&gt; &amp; \u202ereversed",
    "{{constructor.constructor('window.wasTaken=1')()}}",
]


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
        until(lambda: dana.badge("application-17") == 0, "what Dana looks at counts as read")
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


def erased(folder):
    """Where content was erased, the page says so."""
    with Postbox(folder, "--sample-data") as postbox, Windows() as windows:
        page = windows.open(f"{postbox.origin}/#as=lee&c=application-17")
        page.shows("Great. The link is in your calendar.")
        postbox.stop()
        subprocess.run([os.environ["POSTBOX"], "erase", "user", "dana", "--database", postbox.database], check=True)
        postbox.start()
        note = "This message was erased."
        until(lambda: page.contents() == [note, "Thursday at 10 is perfect. Looking forward to it!", note],
              "what Dana wrote is gone", within=25)
        assert page.find("#title").text == "dana"


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

        senders = page.script("return [...document.querySelectorAll('#messages .sender')].map(node => node.textContent)")
        assert senders == ["Dana Reyes", "You", "Dana Reyes"], "who wrote what is said, not only shown"
        assert not page.nameless()

        # In "You are", arrow keys only choose; Enter switches, and leaving it changes nothing.
        page.script("document.getElementById('person').focus()")
        chosen = page.find("#person").get_attribute("value")
        press(Keys.UP if chosen != "dana" else Keys.DOWN)
        assert page.find("#person").get_attribute("value") != chosen, "an arrow key chooses"
        assert f"as={chosen}" in page.browser.current_url and page.script("return document.activeElement.id") == "person"
        press(Keys.TAB)
        assert page.find("#person").get_attribute("value") == chosen and f"as={chosen}" in page.browser.current_url
        page.script("document.getElementById('person').focus()")
        press("s", Keys.ENTER)
        until(lambda: "as=sam" in page.browser.current_url, "Enter switches")
        assert page.script("return document.activeElement.id") == "person", "the focus is lost"
        until(lambda: page.find("#person").get_attribute("value") == "sam" and page.contents() == [], "Sam sees nothing of Lee's")
        unread = until(lambda: page.script(
            "return [...document.querySelectorAll('.row')].find(row => row.textContent.includes('Hello, Sam!'))"
            "?.querySelector('.badge').textContent"), "Sam has the message")
        assert unread == "1", unread

        page.find("#new").click()
        press("dana, lee", Keys.ENTER)
        until(lambda: page.script("return document.activeElement.id === 'text'"), "the composer is ready")
        press("To both of you", Keys.ENTER)
        until(lambda: page.tick("To both of you") == "sent", "the group has its first message")
        until(lambda: page.find("#company").text == "Dana Reyes, Lee Wong, Sam Okafor", "all three are in it")
        assert not page.complaints()


def phone(folder):
    """On a phone the list or the conversation fills the screen, and nothing is wider than it."""
    with Postbox(folder, "--sample-data") as postbox, Windows() as windows:
        windows.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True})
        postbox.send("dana", "application-17", "a very long word: " + "w" * 300)
        page = windows.open(f"{postbox.origin}/#as=lee")
        until(lambda: page.badge("application-17") == 2, "the list is there")

        def fits():
            widths = "[innerWidth, document.documentElement.scrollWidth]"
            return page.script(f"document.getElementById('details').open = true; return {widths}") == [360, 360]

        assert fits() and not page.find("#thread").is_displayed()
        page.open("application-17")
        page.shows("Great. The link is in your calendar.")
        assert fits() and not page.find("#sidebar").is_displayed()
        assert page.script("return document.activeElement.id") == "title", "the focus is out of sight"
        page.send("Thanks!")
        until(lambda: page.tick("Thanks!") == "sent", "the message is stored")
        page.find("#back").click()
        until(lambda: page.find("#sidebar").is_displayed(), "the list is back")
        assert page.badge("application-17") == 0
        focused = page.script("return document.activeElement.dataset.id")
        assert focused == "application-17", "the focus is not where it came from"


def accessible(folder):
    """axe finds nothing: light and dark, wide and narrow, in the list, in a conversation, while one is started, and in trouble."""
    with Postbox(folder, "--sample-data") as postbox, Windows() as windows:
        browser = windows.browser
        found = []

        def examine(page, where):
            page.script("document.getElementById('details').open = true")
            until(lambda: page.script("return document.getAnimations().length") == 0, "all is at rest")
            report = Axe().run(page.look().browser)
            assert len(report["passes"]) > 30, report["passes"]
            found.extend((where, each["id"], [node["html"] for node in each["nodes"]]) for each in report["violations"])
            # What it cannot decide: contrast below an arrow or a tick, and of what is scrolled out of sight.
            found.extend((where, each["id"], [node["html"] for node in each["nodes"]]) for each in report["incomplete"]
                         if each["id"] != "color-contrast")

        for scheme in ("light", "dark"):
            browser.execute_cdp_cmd(
                "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            for width, height in ((1300, 1800), (390, 844)):
                browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                    "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 720})
                browser.get("about:blank")
                windows.is_first = True
                page = windows.open(f"{postbox.origin}/#as=lee")
                until(lambda: page.state() == "live", "the page is live")
                page.find("#new").click()
                examine(page, (scheme, width, "list"))
                page.find("#cancel").click()
                page.open("application-17")
                page.shows("Great. The link is in your calendar.")
                examine(page, (scheme, width, "conversation"))
        postbox.stop()
        page.send("not yet")
        until(lambda: page.state() == "trouble", "the page is offline")
        examine(page, "trouble")
        assert found == [], found


def ways(folder):
    """The page waits, polls where it is told to, and says what each of the two costs."""
    with Postbox(folder, "--sample-data") as postbox, Windows() as windows:
        page = windows.open(f"{postbox.origin}/#as=lee&c=application-17")
        until(lambda: page.state() == "live", "the page is live")

        def costs(way):
            return page.script(
                "return ['requests', 'bytes', 'delivery'].map(what => document.getElementById(`${arguments[0]}-${what}`).textContent)", way)

        until(lambda: page.find("#meter-next").text == "waits", "it waits")
        postbox.send("dana", "application-17", "soon")
        page.shows("soon", within=2)
        delivery = until(lambda: costs("wait")[2] != "–" and costs("wait")[2], "it says how soon that was")
        assert delivery.endswith(" ms"), delivery
        assert costs("poll") == ["0", "0 B", "–"], costs("poll")
        page.find("#way-poll").click()
        until(lambda: page.find("#meter-next").text.endswith(" s"), "it polls")
        before = costs("wait")
        postbox.send("dana", "application-17", "later")
        page.shows("later", within=12)
        assert costs("wait") == before and int(costs("poll")[0]) >= 2, (before, costs("poll"))
        until(lambda: costs("poll")[2] != "–", "it says how late that was")
        page.browser.refresh()
        until(lambda: page.find("#meter-next").text.endswith(" s"), "it polls after a reload too")
        page.find("#way-wait").click()
        until(lambda: page.find("#meter-next").text == "waits", "it waits again")


def long_names(folder):
    """However long names are, the window keeps its shape."""
    people = ["me", *(f"person {n}" for n in range(60))]
    history = [{"kind": "user", "id": user, "name": user + "n" * 200} for user in people]
    history.append({"kind": "conversation", "id": "c", "participantIds": people})
    with Postbox(folder, history=history) as postbox, Windows() as windows:
        postbox.send("person 1", "c", "Hello!")
        page = windows.open(f"{postbox.origin}/#as=me&c=c")
        page.shows("Hello!")
        wide = page.script("return [...document.querySelectorAll('body, #scroller')]"
                           ".filter(node => node.scrollWidth > node.clientWidth).map(node => node.localName)")
        assert wide == [], wide
        heights = page.script("return [...document.querySelectorAll('.bar, #thread .head')].map(node => node.offsetHeight)")
        assert max(heights) < 100, heights
        assert page.find("#person").size["width"] <= 300


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
            until(lambda: page.state() == "live" and len(page.listed()) == seen, "the list is there")
            hint = page.find("#unnamed")
            assert hint.is_displayed() == (seen == 1), "who shows as an id, and what the operator can do about it, is said"
            assert seen == 0 or "--jwt-name-claim email" in hint.text and "preferred_username" in hint.text
        page.find("#token").send_keys(ann, Keys.ENTER)
        page.open("talk")
        page.shows("for bea")
        page.write("a draft")
        assert ann not in page.browser.current_url and page.script("return localStorage.length") == 0
        assert ann not in page.script("return document.documentElement.outerHTML"), "the token is shown"
        page.find("#forget").click()
        until(lambda: page.contents() == [] and page.listed() == [], "nothing is left to see")
        assert page.script("return Object.values(sessionStorage).filter(value => value !== 'null')") == []
        page.find("#token").send_keys("not a token", Keys.ENTER)
        until(lambda: page.state() == "trouble", "a bad token is refused")
        sentence = page.find("#connection").text
        assert "token" in sentence and sentence == page.find("#conversations .note").text, sentence


def behind_proxy(folder):
    """Where a proxy says who somebody is, the next one in the same window neither finds nor sends what the last one wrote."""
    options = "--identity", "gateway", "--page", "--send-rate", "0.001", "--send-burst", "1"
    with Postbox(folder, *options) as postbox, Windows() as windows:
        def log_in(user):
            windows.browser.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {"X-User-ID": user}})

        windows.browser.execute_cdp_cmd("Network.enable", {})
        postbox.send("ann", "talk", "all that Ann may send for now", receiverId="dee")
        log_in("ann")
        page = windows.open(f"{postbox.origin}/#c=%40cem")
        until(lambda: page.state() == "live", "the page is live")
        page.send("for Cem")
        until(lambda: page.state() == "trouble", "it may not be sent for now")
        page.write("a draft")
        log_in("bea")
        page.browser.refresh()
        until(lambda: page.state() == "live", "the page is live for Bea")
        assert page.contents() == [] and page.find("#text").get_attribute("value") == ""
        assert page.script("return Object.keys(sessionStorage).length") == 0
        assert postbox.stored("for Cem") == 0
        log_in("dee")
        until(lambda: page.listed() == ["talk"], "Dee's list comes without a reload", within=25)
        postbox.send("bea", "other", "later than all that Dee has", receiverId="cem")
        log_in("bea")
        until(lambda: page.listed() == ["other"], "and goes with Dee", within=25)
