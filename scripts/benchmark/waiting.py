"""The rows about polls that wait: 15,000 connections at which nothing happens, then messages among them, and a group of 500."""

import json
import os
import subprocess
import time

import connections
import data
import load
import servers
from exchange import BASE, Wrong, token
from plans import messages_path

WAITERS = 15_000
WAIT = 60
SENDS_PER_SECOND = 200
SENDING = 30
GROUP = 500
GROUP_SENDS = 20
# One message per person and ten minutes.
PERSONAL_INTERVAL = 600
LIST = f"{BASE}?limit=20&messages=1"


class Waiters:
    """The program that waits, at its server; `sends` are (conversation, sender, first waiter, second waiter)."""

    def __init__(self, options, folder, postbox, users, sends, *, wait=WAIT, ramp, rate):
        self.postbox, self.sends = postbox, sends
        listing, plan, self.kept = (os.path.join(folder, f"waiters.{name}") for name in ("lists", "sends", "kept"))
        with open(listing, "w", encoding="ascii") as file:
            file.writelines(f"{LIST} {token(user)}\n" for user in users)
        with open(plan, "w", encoding="ascii") as file:
            for number, (conversation, sender, first, second) in enumerate(sends):
                content = f"bench-wait-{number:06} {data.conversation(conversation)} {sender}"
                file.write(f"{messages_path(conversation)} {token(sender)} {first} {second} {json.dumps({'content': content})}\n")
        self.undisturbed = wait if ramp else 1
        self.seconds = ramp + self.undisturbed + len(sends) / rate + 120
        command = [os.path.join(options.programs, "waiters"), str(postbox.port), listing, str(len(users)), str(wait), str(ramp)]
        self.command = [*command, str(self.undisturbed), plan, str(rate), self.kept]

    def run(self):
        """Returns seconds of processor time of each phase, its length, the memory while they wait, and what the program counted."""
        with subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
            try:
                with servers.killing(program, after=self.seconds):
                    moments = []
                    for phase in ("waiting", "undisturbed", "sent"):
                        if program.stdout.readline() != f"{phase}\n":
                            raise Wrong(f"the waiters did not get as far as: {phase}")
                        moments.append((time.monotonic(), self.postbox.cpu(), self.postbox.memory()))
                    counted = list(map(int, program.stdout.readline().split()))
            finally:
                program.stdin.close()
        if len(counted) != 13:
            raise Wrong("the waiters did not get to the end")
        self.acknowledge()
        return Result(moments, counted, len(self.sends))

    def acknowledge(self):
        with open(self.kept, "rb") as file:
            for line in file:
                self.postbox.audit.acknowledge("waiting", line)


class Result:
    def __init__(self, moments, counted, sends):
        (self.confirmed, self.deliveries, self.missing, *times, self.timed_out, self.changed, self.for_nothing, wrong) = counted
        self.from_send, self.from_answer = times[:3], times[3:]
        (first, second, third) = moments
        self.undisturbed = (second[1] - first[1]) / (second[0] - first[0])
        self.sending = (third[1] - second[1]) / (third[0] - second[0])
        self.memory = first[2]
        if wrong or self.confirmed != sends:
            raise Wrong(f"{wrong} wrong answers among the waiting, {self.confirmed} of {sends} sends answered")


def pairs(rate, seconds):
    """Sends in conversations whose number is their first participant's; both participants wait."""
    return [
        (number, data.user(number + 1), number, number + 1)
        for number in (turn * 7919 % (WAITERS - 1) for turn in range(rate * seconds))
    ]


def measure(options, folder, table):
    database = data.crowd(options.cache, options.program)
    users = [data.user(number) for number in range(WAITERS)]
    limits = ("--max-connections-per-address", "0", "--longest-wait", str(WAIT))
    with servers.Postbox(options.program, folder, database, *limits) as postbox:
        rest = postbox.memory()
        sends = pairs(SENDS_PER_SECOND, SENDING)
        result = Waiters(options, folder, postbox, users, sends, ramp=WAIT, rate=SENDS_PER_SECOND).run()
        audit = postbox.audit
    each = (result.memory - rest) / WAITERS / 1024
    table.row(
        f"{WAITERS:,} connections wait {WAIT} s each, nothing happens", "≤ 2 % of one core, ≤ 16 KiB each",
        f"{result.undisturbed:.1%} of one core, {each:.1f} KiB each", result.undisturbed <= 0.02 and each <= 16)
    milliseconds = [time / 1000 for time in result.from_send + result.from_answer]
    table.row(
        f"{WAITERS:,} wait, {SENDS_PER_SECOND} messages a second to pairs among them: from the send, commit included, to the recipient",
        "p50 ≤ 5 ms, p99 ≤ 30 ms, 0 lost, 0 woken for nothing",
        f"p50 {milliseconds[0]:.1f} ms, p99 {milliseconds[1]:.1f} ms (from its answer: {milliseconds[3]:.1f}, {milliseconds[4]:.1f}), "
        f"{result.missing} lost, {result.for_nothing} woken for nothing, {result.sending:.0%} of one core",
        milliseconds[0] <= 5 and milliseconds[1] <= 30 and not result.missing and not result.for_nothing,
        figures=load.Measurement(rate=SENDS_PER_SECOND, p50=milliseconds[0], p99=milliseconds[1]))
    audit += group(options, folder, table)
    audit += people(options, folder, table)
    return audit


def group(options, folder, table):
    """A group of 500 people, all of whom wait."""
    database = data.lists(options.cache, options.program)
    users = [data.user(number) for number in range(2000, 2000 + GROUP)]
    conversation = 100_100
    with servers.Postbox(options.program, folder, database, "--max-connections-per-address", "0") as postbox:
        sends = [(conversation, users[turn], -1, -1) for turn in range(GROUP_SENDS)]
        result = Waiters(options, folder, postbox, users, sends, ramp=0, rate=2).run()
        audit = postbox.audit
    # From the beginning of each send, which is before its commit.
    milliseconds = [time / 1000 for time in result.from_send]
    table.row(
        f"a group of {GROUP} waits, {GROUP_SENDS} messages: from the send, commit included, to the last of them", "≤ 50 ms, 0 lost",
        f"median {milliseconds[0]:.1f} ms, at most {milliseconds[2]:.1f} ms, {result.missing} lost",
        milliseconds[2] <= 50 and not result.missing)
    return audit


def people(options, folder, table):
    """How many people a core carries: one message per person and ten minutes, waiting, and polling every ten seconds."""
    rate = WAITERS // PERSONAL_INTERVAL
    database = data.crowd(options.cache, options.program)
    users = [data.user(number) for number in range(WAITERS)]
    with servers.Postbox(options.program, folder, database, "--max-connections-per-address", "0") as postbox:
        sends = pairs(rate, SENDING)
        waiting = Waiters(options, folder, postbox, users, sends, ramp=WAIT, rate=rate).run()
        audit = postbox.audit
    polling = connections.poll(options, folder)
    carried, others = WAITERS / waiting.sending, connections.CONNECTIONS / polling.share
    table.row(
        f"people a core carries, waiting {WAIT} s, one message per person in {PERSONAL_INTERVAL // 60} minutes, both told",
        "≥ 10 × what polling list and messages every 10 s carries",
        f"{carried:,.0f} (measured with {WAITERS:,}, {waiting.sending:.2%} of a core), polling {others:,.0f} (without messages): "
        f"{carried / others:.1f} ×", carried >= 10 * others)
    return audit + polling.audit
