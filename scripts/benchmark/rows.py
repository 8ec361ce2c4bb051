"""The rows of the table: what is measured, and against what."""

import collections
import os
import subprocess
import sys

import connections
import crowd
import data
import depth
import hostile
import lists
import load
import peers
import report
import servers
import waiting
from audit import Audit
from exchange import BASE, request
from load import Load, shuffled
from plans import CORRESPONDENTS, READERS, Plans, constant
from witness import Correspondents

QUICK = ["list-304", "messages-304", "delta"]
UNDER_LOAD = [*QUICK, "newest", "cold-list", "send", "mix"]
OF_SIZE = {
    "connections": connections.measure, "waiting": waiting.measure, "crowd": crowd.idle_polls, "memory": crowd.memory,
    "long-conversation": depth.long_conversation, "long-list": lists.long_list,
    "first-page": lists.first_pages, "gzip-list": lists.compressed_lists,
    "large-group": lists.large_group, "unread-lists": hostile.unread_lists, "victim": hostile.victim,
}
LARGE = {"growth": depth.growth}
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
    audit = Audit(None)
    chosen = [name for name in UNDER_LOAD if wanted(options, name)]
    if chosen:
        audit += under_load(options, folder, table, chosen)
    for name, measure in OF_SIZE.items():
        if wanted(options, name):
            audit += measure(options, folder, table)
    for name, measure in LARGE.items():
        if options.only == name or (options.large and wanted(options, name)):
            audit += measure(options, folder, table)
    if options.peers:
        audit += peers.measure(options, folder, table)
    table.note(audit.text())


def under_load(options, folder, table, chosen):
    """Returns the audit."""
    database = data.ordinary(options.cache, options.program)
    with (
        servers.Bare(options.programs) as bare,
        servers.Nginx(options.nginx, folder) as nginx,
        servers.Postbox(options.program, folder, database) as postbox,
    ):
        loads = Loads(options, folder, bare, nginx, postbox, chosen)
        loads.round(0, seconds=1)
        loads.measured.clear()
        loads.inserts.clear()
        for number in range(1, options.rounds + 1):
            loads.round(number, options.seconds)
    medians = {name: report.median(measured) for name, measured in loads.measured.items()}
    tell(table, chosen, medians)
    if "send" in chosen:
        tell_send(table, medians["send"], sorted(loads.inserts)[len(loads.inserts) // 2])
    for name in loads.yardsticks:
        table.row(f"*{name}*", "", "", None, figures=medians[name])
    table.note(
        f"Medians of {options.rounds} rounds of {options.seconds} s on {load.CONNECTIONS} connections; open connections, memory and "
        "start are measured once.")
    return postbox.audit


class Loads:
    """All that is measured in turn, round by round."""

    def __init__(self, options, folder, bare, nginx, postbox, chosen):
        self.options, self.folder, self.postbox, self.chosen = options, folder, postbox, chosen
        self.servers = {"bare 304": bare, "bare 200": bare, "bare 120 KB": bare, "nginx 304": nginx}
        self.measured = collections.defaultdict(list)
        # Messages a second of a loop that only inserts, on the same disk.
        self.inserts = []
        self.plans = Plans(postbox)
        users = [data.user(number) for number in READERS]
        some_tag = '"1ev2c06g.100.50.50-153i1rdwsu7nn"'
        make = {
            "bare 304": lambda: constant(bare, 304, [request("GET", BASE, user, some_tag) for user in users]),
            "bare 200": lambda: constant(bare, 200, [request("GET", f"{BASE}/some/messages", user) for user in users]),
            "bare 120 KB": lambda: constant(bare, 200, [request("GET", f"{BASE}/whole", user) for user in users]),
            "nginx 304": lambda: constant(nginx, 304, [request("GET", BASE, user, nginx.tag) for user in users]),
            "list-304": lambda: self.plans.idle(self.plans.lists()),
            "messages-304": lambda: self.plans.idle(self.plans.messages()),
            "delta": lambda: self.plans.fresh(self.plans.deltas()),
            "newest": lambda: self.plans.fresh(self.plans.newest()),
            "cold-list": lambda: self.plans.fresh(self.plans.cold_lists()),
        }
        self.yardsticks = [name for name in self.servers if name in self.needed()]
        self.names = [*self.yardsticks, *chosen]
        parts = {"list-304", "messages-304", "delta"} if "mix" in chosen else set()
        self.made = {name: make[name]() for name in make if name in parts | set(self.names)}
        self.loads = {name: Load(folder, name, asked, self.audit(name)) for name, asked in self.made.items()}

    def audit(self, name):
        """What the yardsticks answer is checked as well, but not counted."""
        return Audit(None) if name in self.servers else self.postbox.audit

    def needed(self):
        needed = {WORK[name][2] for name in self.chosen if name in WORK}
        if {"list-304", "messages-304"} & set(self.chosen):
            needed.add("nginx 304")
        if "cold-list" in self.chosen:
            needed.add("bare 120 KB")
        return needed

    def load(self, name, number):
        if name in self.loads:
            return self.loads[name]
        asked = self.plans.sends(f"{name}-{number}")
        if name == "mix":
            asked = self.plans.mix(self.made["list-304"] + self.made["messages-304"], self.made["delta"], asked)
        return Load(self.folder, f"{name}-{number}", asked, self.postbox.audit)

    def insert_only(self, number, seconds):
        path = os.path.join(self.folder, f"insert-{number}.sqlite")
        command = [os.path.join(self.options.programs, "insert"), path, str(seconds)]
        timeout = 60 + seconds
        return float(subprocess.run(command, check=True, capture_output=True, text=True, timeout=timeout).stdout)

    def round(self, number, seconds):
        for name in shuffled(self.names, number):
            writes = name in ("send", "mix")
            beside = Correspondents(self.postbox, self.postbox.audit, CORRESPONDENTS) if writes else None
            result = self.load(name, number).run(self.servers.get(name, self.postbox), seconds, beside)
            self.measured[name].append(result)
            if writes:
                self.postbox.settle()
            if name == "send":
                self.inserts.append(self.insert_only(number, seconds))
            print(f"round {number}: {name}: {report.number(result.cpu, 2)} µs, {report.number(result.rate, 0)}/s", file=sys.stderr)


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
        measured, must, reached = f"CPU {ratio:.3f} × {yardstick}", f"≤ {limit} ×", ratio <= limit
        if "304" in name:
            throughput = figures.rate / medians["nginx 304"].rate
            measured += f"; throughput {throughput:.3f} × nginx"
            must += "; ≥ 1 ×"
            reached = reached and throughput >= 1
        table.row(work, must, measured, reached, figures=figures)
