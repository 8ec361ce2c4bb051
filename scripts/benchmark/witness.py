"""People who ask beside the load, twenty times a second, and know which answer belongs to which request: wrk does not."""

import random
import threading
import time

import data
import truth
from exchange import BASE, Exchange, Wrong, request

PAUSE = 0.05


class Beside(threading.Thread):
    """`step` is done again and again while the load runs; whatever goes wrong in it fails the run."""

    def __init__(self, server, audit):
        super().__init__(daemon=True)
        self.audit = audit
        self.exchange = Exchange(server.port)
        self.over = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.over.wait(PAUSE):
                self.step()
        except Exception as error:
            self.failure = error

    def ask(self, text):
        self.audit.witnessed += 1
        return self.exchange.ask(text)

    def __enter__(self):
        self.start()

    def __exit__(self, *_):
        self.over.set()
        self.join()
        self.exchange.__exit__()
        if self.failure:
            raise Wrong(f"beside the load: {self.failure!r}") from self.failure


class Witness(Beside):
    """Makes some of the load's own requests and compares the whole answers."""

    def __init__(self, server, asked, audit, seed):
        super().__init__(server, audit)
        self.choice = random.Random(seed)
        # Whoever sends beside the load would change what others are answered.
        self.asked = [one for one in asked if one.tag is not None]

    def step(self):
        if not self.asked:
            return
        one = self.choice.choice(self.asked)
        answer = self.ask(one.text)
        if (answer.status, answer.tag, answer.body) != (one.status, one.tag, one.body):
            raise Wrong(f"{one.text!r} was answered {answer} instead of {one.status} {one.tag}")


class Correspondents(Beside):
    """Two who write to each other while others send. What one is told is stored, is; and the other, who polled just before, must see it
    in list, page and delta, and then nothing new."""

    def __init__(self, server, audit, number):
        """`number`: of a conversation in `data` that nobody else sends to; its two people have no others that anybody sends to."""
        super().__init__(server, audit)
        self.truth = truth.Truth(server.database)
        self.number = number
        self.people = self.truth.people_of(number)
        self.path = f"{BASE}/{data.conversation(number)}/messages"
        self.sent = 0

    def step(self):
        sender, reader = self.people[:: -1 if self.sent % 2 else 1]
        before = {path: self.poll(path, reader) for path in (BASE, self.path)}
        delta = f"{self.path}?since={before[self.path].fields['x-cursor']}"
        message = self.send(sender)
        if self.poll(BASE, reader, before[BASE].tag).json(200)[0]["lastMessage"] != message["content"]:
            raise Wrong(f"a list does not show {message}")
        for path in (self.path, delta):
            newest = self.poll(path, reader, before[self.path].tag).json(200)[-1]
            if (newest["id"], newest["content"]) != (message["id"], message["content"]):
                raise Wrong(f"{path} does not show {message}, but {newest}")
        for path in (BASE, self.path, delta):
            if self.poll(path, reader, self.poll(path, reader).tag).status != 304:
                raise Wrong(f"{path} shows something new though there is nothing")

    def send(self, sender):
        self.sent += 1
        content = f"bench-beside {data.conversation(self.number)} {sender} {time.time_ns()}"
        answer = self.ask(request("POST", self.path, sender, body={"content": content}))
        message = answer.json(201)
        self.audit.acknowledge("beside", answer.body)
        n = int(message["id"].rpartition(":")[2])
        if message["content"] != content or self.truth.page(self.number, sender, n, n) != [message]:
            raise Wrong(f"{message} was acknowledged, and is not what is stored")
        return message

    def poll(self, path, user, tag=None):
        return self.ask(request("GET", path, user, tag))
