"""The page for people, and what it asks of the server."""

import json
import subprocess
import time

from chromium import Windows, until
from postbox import Postbox
from recorder import Recorder

API = "/api/messages/conversations"


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

        # The cursors of another database are of no use here, and the page must notice.
        postbox.stop()
        for file in folder.glob("postbox.sqlite*"):
            file.unlink()
        postbox.start()
        until(lambda: len(page.contents()) == 3 and "written while the server was away" not in page.contents(),
              "the page shows what there is now", within=25)
        until(lambda: page.badge("application-17") == 0, "what is looked at counts as read in that one too")


def refused_for_now(folder):
    """A message that may not be sent for now waits, and keeps nobody else's away."""
    with Postbox(folder, "--sample-data", "--send-rate", "0.001", "--send-burst", "1") as postbox, Windows() as windows:
        page = windows.open(f"{postbox.origin}/#as=dana&c=application-17")
        until(lambda: page.state() == "live", "the page is live")
        page.send("at once")
        until(lambda: page.tick("at once") == "sent", "the first one is stored")
        page.send("too soon")
        until(lambda: page.state() == "trouble", "the second one is refused")
        postbox.send("lee", "application-17", "from Lee")
        page.find("#try-now").click()
        page.shows("from Lee")
        until(lambda: page.state() == "trouble", "that the other one waits is still said")
        assert page.tick("too soon") == "pending"


def lost_answer(folder):
    """A message whose answer was lost is sent again with the same key, and is there once."""
    with Postbox(folder, "--sample-data") as postbox, Recorder(postbox.port, poll_interval=10) as recorder, Windows() as windows:
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
            shown = page.script(
                "return Object.fromEntries([['polls', 'polls'], ['unchanged', 'share'], ['bytes', 'bytes']].map(([name, id]) =>"
                " [name, Number(document.getElementById(`meter-${id}`).dataset.value)]))")
            calls = recorder.of("", API)
            polls = [call.status for call in calls if call.method == "GET"]
            return shown["unchanged"] >= 6 and shown == {
                "polls": len(polls), "unchanged": polls.count(304), "bytes": sum(call.answer_size for call in calls)}

        until(agrees, "the meter says what was on the wire, and six polls were answered 304", within=15)
        assert page.script("const [polls, share] = ['polls', 'share'].map(id => document.getElementById(`meter-${id}`));"
                           "return share.textContent === `${Math.round(100 * share.dataset.value / polls.dataset.value)} %`")
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


def cost(folder):
    """What a page costs that is open and idle: at most 360 requests and 0.4 MB an hour, both ways, over HTTP/1.1."""
    with Postbox(folder, "--sample-data") as postbox, Recorder(postbox.port, poll_interval=1) as recorder, Windows() as windows:
        page = windows.open(f"{recorder.origin}/#as=lee&c=application-17")
        until(lambda: page.state() == "live", "the page is live")
        idle = until(lambda: (polls := [call for call in recorder.of("GET", API) if call.status == 304])[11:] and polls, "it idles",
                     within=30)
        # Every ten seconds the list, and no more: it tells what is new everywhere.
        targets = {call.target.partition("?")[0] for call in idle[-10:]}
        assert targets == {API}, targets
        requests, polls = 360, idle[-10:]
        received = sum(call.answer_size for call in polls) / len(polls)
        sent = sum(call.asked_size for call in polls) / len(polls)
        print(f"a poll: {sent:.0f} bytes sent, {received:.0f} received; an hour: {requests} requests, "
              f"{requests * sent / 1e3:.0f} KB sent, {requests * received / 1e3:.0f} KB received")
        assert received <= 250 and requests * (sent + received) < 400_000, (sent, received)


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

        until(lambda: page.script("document.getElementById('scroller').scrollTop = 0; return document.getElementById('older').hidden"),
              "the first page is there")
        until(lambda: page.contents() == [f"message {n}" for n in range(1, 131)], "all are there, in order")
        days = page.script("return document.querySelectorAll('#messages .day').length")
        assert days == 14, days

        postbox.send("b", "c", "message 131")
        until(lambda: page.find("#newer").is_displayed(), "there is something new")
        assert page.script("return document.getElementById('scroller').scrollTop") < 300, "what one reads has moved"
        assert page.badge("c") > 0, "what has not been looked at is not read"
        page.find("#newer").click()
        until(lambda: page.badge("c") == 0, "it is read once it is looked at")


def cut_answers(folder):
    """Where one answer has no room for all that is new, the page asks for the rest at once, and not at its next poll."""
    history = [{"kind": "conversation", "id": "c", "participantIds": ["a", "b"]},
               {"kind": "message", "conversationId": "c", "senderId": "b", "content": "message 1", "timestamp": "2024-12-01T10:00:00Z"}]
    with (Postbox(folder, "--max-answer-bytes", "2000", "--send-burst", "100", history=history) as postbox,
          Recorder(postbox.port, poll_interval=99) as recorder, Windows() as windows):
        page = windows.open(f"{recorder.origin}/#as=a&c=c")
        page.shows("message 1")
        until(lambda: page.state() == "live", "the page waits for its next poll")
        sent = [f"message {n} ".ljust(600, "x") for n in range(2, 22)]
        for content in sent:
            postbox.send("b", "c", content)
        for n in range(20):
            postbox.send("b", f"other-{n}", "Hello!", receiverId="a")
        before = len(recorder.exchanges)
        page.script("dispatchEvent(new Event('online'))")
        until(lambda: page.contents() == ["message 1", *(content.strip() for content in sent)], "all messages are there")
        until(lambda: len(page.listed()) == 21, "all conversations are there")
        until(lambda: page.state() == "live", "the page waits again")
        polls = [call for call in recorder.exchanges[before:] if call.method == "GET"]
        assert all(call.answer_size < 4000 for call in polls), "an answer was not cut"
        assert 15 < len(polls) < 60, len(polls)
