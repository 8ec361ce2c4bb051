"""The row about open connections: 10,000 people, each with a connection of their own, poll list and messages every 10 s."""

import os
import subprocess
import time

import data
import load
import servers
from exchange import BASE, Wrong, token
from plans import messages_path
from truth import Truth, compare

CONNECTIONS = 10_000
PERIOD = 10
SECONDS = 20
# Every so many people's answers are compared with the database.
SAMPLE = 97


class Polled:
    """What came of the polls: `share` of one core, KiB that `each` connection takes, times in microseconds."""

    def __init__(self, share, each, result, audit):
        self.share, self.each, self.audit = share, each, audit
        self.polls, self.errors, self.p50, self.p99 = map(int, result)


def measure(options, folder, table):
    polled = poll(options, folder)
    cpu = polled.share * SECONDS * 1e6 / polled.polls
    figures = load.Measurement(rate=polled.polls / SECONDS, p50=polled.p50 / 1000, p99=polled.p99 / 1000, cpu=cpu)
    table.row(
        f"{CONNECTIONS:,} open connections, each polling both endpoints every {PERIOD} s",
        "0 errors, p99 ≤ 10 ms, ≤ 15 % of one core, ≤ 16 KiB each",
        f"{polled.errors} errors, {polled.share:.1%} of one core, {polled.each:.1f} KiB each",
        polled.p99 <= 10_000 and polled.share <= 0.15 and polled.each <= 16, figures=figures,
    )
    return polled.audit


def poll(options, folder):
    database = data.crowd(options.cache, options.program)
    with servers.Postbox(options.program, folder, database, "--max-connections-per-address", "0") as postbox:
        requests, kept = os.path.join(folder, "pollers"), os.path.join(folder, "pollers.kept")
        with open(requests, "w", encoding="ascii") as file:
            for number in range(CONNECTIONS):
                bearer = token(data.user(number))
                file.write(f"{BASE} {bearer}\n{messages_path(number)} {bearer}\n")
        before = postbox.memory()
        command = [os.path.join(options.programs, "pollers"), str(postbox.port), requests, str(CONNECTIONS), str(PERIOD)]
        command += [str(SECONDS), kept, str(SAMPLE)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as pollers:
            try:
                with servers.killing(pollers, after=PERIOD + SECONDS + 60):
                    if pollers.stdout.readline() != "measuring\n":
                        raise Wrong("the pollers did not get as far as measuring")
                    used, started = postbox.cpu(), time.monotonic()
                    is_over = pollers.stdout.readline() == "measured\n"
                    share = (postbox.cpu() - used) / (time.monotonic() - started)
                    result = pollers.stdout.readline().split()
                if not is_over or len(result) != 4:
                    raise Wrong("the pollers did not get to the end; an answer may have been missing or too long")
                # The connections are open until the pollers' standard input ends.
                each = (postbox.memory() - before) / CONNECTIONS / 1024
            finally:
                pollers.stdin.close()
        check(kept, Truth(postbox.database))
    polled = Polled(share, each, result, postbox.audit)
    due = 2 * CONNECTIONS * SECONDS // PERIOD
    if polled.errors or polled.polls < due * 0.99:
        raise Wrong(f"{polled.errors} wrong or missing answers, {polled.polls} of {due} polls, on {CONNECTIONS:,} connections")
    postbox.audit.answers += polled.polls
    return polled


def check(kept, truth):
    """Compares the bodies that the pollers kept."""
    count = 0
    with open(kept, "rb") as file:
        while line := file.readline():
            number, which, size = map(int, line.split())
            user = data.user(number)
            expected = truth.newest(number, user, 100) if which else truth.conversations(user, 100, 20)
            compare(f"poll {which} of {user}", file.read(size), expected)
            count += 1
    if count != 2 * len(range(0, CONNECTIONS, SAMPLE)):
        raise Wrong(f"the pollers kept only {count} bodies")
