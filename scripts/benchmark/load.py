"""Puts a server under load with wrk, and says what came of it."""

import dataclasses
import glob
import json
import os
import random
import subprocess
import threading

from exchange import Exchange, Wrong

CONNECTIONS = 64
THREADS = 2
HERE = os.path.dirname(os.path.abspath(__file__))


@dataclasses.dataclass
class Measurement:
    """`cpu`: microseconds of the server's processor time for each request; `p50`, `p99`: milliseconds."""

    rate: float
    p50: float = None
    p99: float = None
    cpu: float = None


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request, and the answer that must come; of a send, `tag` and `body` cannot be known beforehand."""

    text: str
    status: int
    tag: str = None
    body: bytes = None

    def head(self):
        expected = "- -" if self.tag is None else f"{self.tag} {len(self.body)}"
        return f"{self.status} {expected} {len(self.text)}\n"


class Load:
    """Requests that are sent in turn, round and round."""

    runs = 0

    def __init__(self, folder, name, asked, audit):
        self.name, self.audit = name, audit
        self.path = os.path.join(folder, f"{name.replace(' ', '-')}.requests")
        with open(self.path, "w", encoding="ascii", newline="") as file:
            file.writelines(one.head() + one.text for one in asked)
        # Whoever asks beside the load must find the same, each time.
        self.repeatable = [one for one in asked if one.tag is not None]
        self.bodies = {one.tag: one.body for one in self.repeatable}

    def run(self, server, seconds):
        """One measurement; all that came is checked."""
        Load.runs += 1
        kept = f"{self.path}.{Load.runs}.kept"
        command = ["wrk", f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
        command += ["-s", os.path.join(HERE, "requests.lua"), server.origin, "--", self.path, kept, str(THREADS)]
        with Witness(server, self.repeatable, self.audit):
            before = server.cpu()
            run = subprocess.run(command, check=True, timeout=seconds + 60, capture_output=True, text=True)
            used = server.cpu() - before
        results = [line for line in run.stdout.splitlines() if line.startswith("RESULT ")]
        if len(results) != 1:
            raise Wrong(f"wrk did not finish: {run.stdout}{run.stderr}")
        result = json.loads(results[0].removeprefix("RESULT "))
        self.check(result, kept)
        return Measurement(
            rate=result["requests"] / result["seconds"], p50=result["p50"] / 1000, p99=result["p99"] / 1000,
            cpu=used * 1e6 / result["requests"],
        )

    def check(self, result, kept):
        if result["errors"] or result["wrong"] or result["surplus"] or not result["requests"]:
            raise Wrong(f"{self.name}: {result}")
        # At the end every connection may have one request without an answer; and wrk has one made for each thread to look at.
        if result["unanswered"] > CONNECTIONS + THREADS:
            raise Wrong(f"{self.name}: requests without an answer: {result}")
        self.audit.answers += result["requests"]
        acknowledged = 0
        for tag, body in answers(kept):
            if tag == "-":
                self.audit.acknowledge(self.name, body)
                acknowledged += 1
            elif body != self.bodies[tag]:
                raise Wrong(f"{self.name}: {tag} came with another body: {body[:700]!r}")
            else:
                self.audit.compared += 1
        if acknowledged != result["acknowledged"]:
            raise Wrong(f"{self.name}: {result['acknowledged']} acknowledged, {acknowledged} kept")
        if acknowledged:
            self.audit.unanswered += result["unanswered"]


class Witness(threading.Thread):
    """Somebody who asks beside the load, twenty times a second, and knows which answer belongs to which request: wrk does not."""

    def __init__(self, server, asked, audit):
        super().__init__(daemon=True)
        self.asked, self.audit = asked, audit
        self.exchange = Exchange(server.port)
        self.over = threading.Event()
        self.failure = None

    def run(self):
        choice = random.Random(len(self.asked))
        while self.asked and not self.failure and not self.over.wait(0.05):
            one = choice.choice(self.asked)
            try:
                answer = self.exchange.ask(one.text)
            except OSError as error:
                self.failure = f"{one.text!r}: {error}"
                return
            if (answer.status, answer.tag, answer.body) != (one.status, one.tag, one.body):
                self.failure = f"{one.text!r} was answered {answer} instead of {one.status} {one.tag}"
            self.audit.witnessed += 1

    def __enter__(self):
        self.start()

    def __exit__(self, *_):
        self.over.set()
        self.join()
        self.exchange.__exit__()
        if self.failure:
            raise Wrong(self.failure)


def answers(kept):
    """The tag and the body of each answer that `requests.lua` kept."""
    for path in sorted(glob.glob(f"{glob.escape(kept)}.*")):
        with open(path, "rb") as file:
            while line := file.readline():
                tag, size = line.split()
                yield tag.decode(), file.read(int(size))
        os.remove(path)
