"""Puts a server under load with wrk, and says what came of it."""

import dataclasses
import glob
import json
import os
import random
import subprocess
import tempfile

from exchange import Wrong
from witness import Witness

CONNECTIONS = 64
THREADS = 2
HERE = os.path.dirname(os.path.abspath(__file__))
# What wrk writes must not get in the way of what is synced.
SCRATCH = "/dev/shm" if os.path.isdir("/dev/shm") else None


@dataclasses.dataclass
class Measurement:
    """`cpu`: microseconds of the server's processor time for each request; `p50`, `p99`: milliseconds."""

    rate: float
    p50: float = None
    p99: float = None
    cpu: float = None


class Load:
    """Requests that are sent in turn, round and round."""

    runs = 0

    def __init__(self, folder, name, asked, audit):
        self.name, self.asked, self.audit = name, asked, audit
        self.path = os.path.join(folder, f"{name.replace(' ', '-')}.requests")
        with open(self.path, "wb") as file:
            for one in asked:
                body = one.body or b""
                file.write(f"{one.status} {one.tag or '-'} {len(one.text)} {len(body)}\n{one.text}".encode() + body)

    def run(self, server, seconds, beside=None):
        """One measurement; every answer is checked. `beside`: who asks meanwhile, where that is not a witness."""
        Load.runs += 1
        with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch:
            kept = os.path.join(scratch, "kept")
            command = ["wrk", f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
            command += ["-s", os.path.join(HERE, "requests.lua"), server.origin, "--", self.path, kept, str(THREADS)]
            with beside or Witness(server, self.asked, self.audit, seed=Load.runs):
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
        # At the end every connection may have one request without an answer; and wrk has one made just to look at.
        if result["unanswered"] > CONNECTIONS + 1:
            raise Wrong(f"{self.name}: requests without an answer: {result}")
        self.audit.answers += result["requests"]
        self.audit.unanswered += result["openSends"]
        acknowledged = 0
        for body in bodies(kept):
            self.audit.acknowledge(self.name, body)
            acknowledged += 1
        if acknowledged != result["acknowledged"]:
            raise Wrong(f"{self.name}: {result['acknowledged']} acknowledged, {acknowledged} kept")


def bodies(kept):
    """The bodies that `requests.lua` kept."""
    for path in sorted(glob.glob(f"{glob.escape(kept)}.*")):
        with open(path, "rb") as file:
            while line := file.readline():
                yield file.read(int(line))


def shuffled(names, number):
    """In another order each round, so that none always comes after the same one."""
    return random.Random(number).sample(list(names), len(names))
