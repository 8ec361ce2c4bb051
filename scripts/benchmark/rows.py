"""The rows of the table: what is measured, and against what."""

import collections
import os
import subprocess
import sys

import audit
import data
import load
import report
import scale
import servers
from load import Plans, wrk

QUICK = ["list-304", "messages-304", "delta"]
UNDER_LOAD = [*QUICK, "newest", "cold-list", "send", "mix"]
OF_SIZE = {"connections": scale.connections, "long-conversation": scale.long_conversation, "memory": scale.memory}
LARGE = {"growth": scale.growth}
NAMES = [*UNDER_LOAD, *OF_SIZE, *LARGE]

WORK = {
    "list-304": ("idle list poll, 304", 1.3, "bare 304"),
    "messages-304": ("idle messages poll, 304", 1.3, "bare 304"),
    "delta": ("delta poll, one new message, 200", 2.5, "bare 200"),
    "newest": ("newest page of 50", 8, "bare 200"),
    "cold-list": ("list of 20 with 20 embedded each, cold client", 40, "bare 200"),
    "mix": ("90 % idle polls, 9 % deltas, 1 % sends", 1.6, "bare 304"),
}


def wanted(options, name):
    if options.only:
        return options.only == name
    return not options.quick or name in QUICK


def run(options, folder, table):
    chosen = [name for name in UNDER_LOAD if wanted(options, name)]
    if chosen:
        under_load(options, folder, table, chosen)
    for name, measure in OF_SIZE.items():
        if wanted(options, name):
            measure(options, folder, table)
    for name, measure in LARGE.items():
        if options.only == name or (options.large and wanted(options, name)):
            measure(options, folder, table)


def under_load(options, folder, table, chosen):
    database = data.ordinary(options.cache, options.program)
    with (
        servers.Bare(options.programs) as bare,
        servers.Nginx(folder) as nginx,
        servers.Postbox(options.program, folder, database) as postbox,
    ):
        loads = Loads(options, folder, bare, nginx, postbox, chosen)
        loads.warm_up()
        for number in range(options.rounds):
            loads.round(number)
    medians = {name: report.median(measured) for name, measured in loads.measured.items()}
    checked = audit.check(postbox.database, loads.kept)
    postbox.remove_database()
    tell(table, chosen, medians)
    if "send" in chosen:
        tell_send(table, medians["send"], sorted(loads.inserts)[len(loads.inserts) // 2])
    table.note(f"Medians of {options.rounds} rounds of {options.seconds} s, {load.CONNECTIONS} connections. {checked}")


class Loads:
    def __init__(self, options, folder, bare, nginx, postbox, chosen):
        self.options, self.folder, self.chosen = options, folder, chosen
        self.servers = {"bare 304": bare, "bare 200": bare, "bare 120 KB": bare, "nginx 304": nginx}
        self.postbox = postbox
        self.measured = collections.defaultdict(list)
        # Messages a second of a loop that only inserts, on the same disk.
        self.inserts = []
        # Files of answers and the row they are of.
        self.kept = []
        plans = Plans(servers.Client(postbox.port), folder)
        self.plans = plans
        some_tag = '"1ev2c06g.100.50.50-153i1rdwsu7nn"'
        users = [data.user(number) for number in load.READERS]
        made = {
            "bare 304": [(304, load.request("GET", load.BASE, user, tag=some_tag)) for user in users],
            "bare 200": [(200, load.request("GET", "/200", user)) for user in users],
            "bare 120 KB": [(200, load.request("GET", "/list", user)) for user in users],
            "nginx 304": [(304, load.request("GET", "/static", user, tag=nginx.tag)) for user in users],
            "list-304": plans.lists(),
            "messages-304": plans.messages(),
        }
        if {"delta", "mix"} & set(chosen):
            made["delta"] = plans.deltas()
        made["newest"] = plans.newest()
        made["cold-list"] = plans.cold_lists()
        self.made = made
        self.files = {name: plans.file(name.replace(" ", "-"), requests) for name, requests in made.items()}

    def names(self):
        yardsticks = {WORK[name][2] for name in self.chosen if name in WORK}
        if {"list-304", "messages-304"} & set(self.chosen):
            yardsticks.add("nginx 304")
        if "cold-list" in self.chosen:
            yardsticks.add("bare 120 KB")
        return [*sorted(yardsticks), *self.chosen]

    def requests(self, name, number):
        if name in self.files:
            return self.files[name]
        sends = self.plans.sends(f"{name}-{number}")
        if name == "mix":
            sends = self.plans.mix(self.made["list-304"] + self.made["messages-304"], self.made["delta"], sends)
        return self.plans.file(f"{name}-{number}", sends)

    def load(self, name, number, seconds):
        kept = os.path.join(self.folder, f"{name.replace(' ', '-')}-{number}.kept")
        result = wrk(self.servers.get(name, self.postbox), self.requests(name, number), kept, seconds)
        if name not in self.servers:
            self.kept.append((name, kept))
        return result

    def insert_only(self, number):
        path = os.path.join(self.folder, f"insert-{number}.sqlite")
        command = [os.path.join(self.options.programs, "insert"), path, str(self.options.seconds)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def warm_up(self):
        for name in self.names():
            self.load(name, "first", 1)

    def round(self, number):
        for name in self.names():
            result = self.load(name, number, self.options.seconds)
            self.measured[name].append(result)
            if name == "send":
                self.inserts.append(self.insert_only(number))
            print(f"round {number + 1}: {name}: {report.number(result.cpu, 2)} µs, {report.number(result.rate, 0)}/s", file=sys.stderr)


def tell_send(table, figures, inserts):
    share = figures.rate / inserts
    table.row(
        "send, 64 clients, on disk before each answer", "≥ 12,000/s or ≥ 60 % of an insert-only loop; p99 ≤ 25 ms",
        f"{share:.0%} of insert-only ({inserts:,.0f}/s)", (figures.rate >= 12_000 or share >= 0.6) and figures.p99 <= 25,
        figures=figures,
    )


def tell(table, chosen, medians):
    for name in chosen:
        if name not in WORK:
            continue
        work, limit, yardstick = WORK[name]
        figures = medians[name]
        ratio = figures.cpu / medians[yardstick].cpu
        measured, must, reached = f"CPU {ratio:.2f} × {yardstick}", f"≤ {limit} ×", ratio <= limit
        if "304" in name:
            throughput = figures.rate / medians["nginx 304"].rate
            measured += f"; throughput {throughput:.2f} × nginx"
            must += "; ≥ 1 ×"
            reached = reached and throughput >= 1
        table.row(work, must, measured, reached, figures=figures)
    for name in ("bare 304", "bare 200", "bare 120 KB", "nginx 304"):
        if name in medians:
            table.row(f"*{name}*", "", "", None, figures=medians[name])
