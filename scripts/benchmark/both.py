"""The rows of both stores, side by side in one run: `scripts/bench --store both`."""

import sys

import crowd
import data
import instructions
import report
import servers
from audit import Audit
from exchange import Wrong, ask_all, request
from load import Load, shuffled
from plans import CORRESPONDENTS, READERS, Plans
from witness import Correspondents

STORES = ("sqlite", "postgres")
# So few entries in memory that the conversations of many people in turn are never in it.
COLD = ("--index-capacity", "64")
WARM_ROWS = ("newest page of 50", "delta, one new message")
COLD_ROWS = ("newest page of 50, out of the store", "list of 20 × 20, out of the store")


def run(options, folder, table):
    """Measures everything, or the part that --only names; the notes say what was asked of PostgreSQL."""
    audit = Audit(None)
    for name, measure in PARTS.items():
        if options.only in (None, name) and not (options.quick and name == "instructions"):
            audit += measure(options, folder, table)
    table.note(audit.text())


def start(options, folder, store, file, *arguments, program=None, **more):
    """A server on one of the stores, with what the file has."""
    servers.Server.store = options.cluster if store == "postgres" else None
    try:
        return servers.Postbox(program or options.program, folder, file, *arguments, **more)
    finally:
        servers.Server.store = None


def compare_instructions(options, folder, table):
    """Idle polls: instructions in user space, the same under every load."""
    file = data.ordinary(options.cache, options.program, 10_000)
    counts = {}
    program = instructions.stripped(options.program, folder)
    for store in STORES:
        under = instructions.callgrind(folder, store)
        with start(options, folder, store, file, "--loops", "1", under=under, program=program) as postbox:
            plans = Plans(postbox)
            for name, wanted in (("list", plans.lists(range(50))), ("messages", plans.messages(range(50)))):
                polls = [one.text for one in plans.idle(wanted)]
                counts[store, name] = instructions.count(postbox, polls, f"{folder}/{store}")
    for name in ("list", "messages"):
        ratio = counts["postgres", name] / counts["sqlite", name]
        table.row(
            f"idle poll, {name}: instructions", "≤ 1.03 ×",
            f"{counts['postgres', name]:,} with PostgreSQL, {counts['sqlite', name]:,} with SQLite: {ratio:.3f} ×", ratio <= 1.03)
    return Audit(None)


def alternate(options, runs):
    """Runs each load in turn, and returns the median of each."""
    measured = {name: [] for name in runs}
    for run_once in runs.values():
        run_once(1)
    for number in range(options.rounds):
        for name in shuffled(runs, number):
            measured[name].append(runs[name](options.seconds))
            print(f"round {number + 1}: {name}: {measured[name][-1]}", file=sys.stderr)
    return {name: report.median(several) for name, several in measured.items()}


def polls_and_sends(options, folder, table):
    """What is answered from memory, and sends at 64 at a time, both servers at rest while the other one is measured."""
    file = data.ordinary(options.cache, options.program)
    with start(options, folder, "sqlite", file) as sqlite, start(options, folder, "postgres", file) as postgres:
        runs, plans = {}, {}
        for store, postbox in (("sqlite", sqlite), ("postgres", postgres)):
            plans[store] = Plans(postbox)
            made = {
                "idle list": plans[store].idle(plans[store].lists()), WARM_ROWS[0]: plans[store].fresh(plans[store].newest()),
                WARM_ROWS[1]: plans[store].fresh(plans[store].deltas()),
            }
            for row, asked in made.items():
                load = Load(folder, f"{store}-{row}".replace(" ", "-"), asked, postbox.audit)
                runs[row, store] = lambda seconds, load=load, postbox=postbox: load.run(postbox, seconds)
        asked_when_idle(options, table, postgres, runs["idle list", "postgres"])
        medians = alternate(options, runs)
        for row in ("idle list", *WARM_ROWS):
            pair(table, f"{row}, from memory", "", medians[row, "sqlite"], medians[row, "postgres"], None)
        sends = {}
        for store, postbox in (("sqlite", sqlite), ("postgres", postgres)):
            sends["send", store] = sender(folder, store, postbox, plans[store])
        before = options.cluster.cpu()
        medians = alternate(options, sends)
        figures = medians["send", "postgres"]
        pair(
            table, "send, 64 at a time, durable before each answer", "≥ 8,000/s; p99 ≤ 30 ms", medians["send", "sqlite"], figures,
            figures.rate >= 8000 and figures.p99 <= 30)
        table.note(f"PostgreSQL took {options.cluster.cpu() - before:.1f} s of processor time while sends were measured.")
    return sqlite.audit + postgres.audit


def sender(folder, store, postbox, plans):
    numbers = iter(range(1000))

    def run_once(seconds):
        number = next(numbers)
        load = Load(folder, f"{store}-send-{number}", plans.sends(f"{store}-{number}"), postbox.audit)
        measured = load.run(postbox, seconds, Correspondents(postbox, postbox.audit, CORRESPONDENTS))
        postbox.settle()
        return measured

    return run_once


def asked_when_idle(options, table, postgres, idle):
    """Idle polls for some seconds; only the row of the node may be renewed meanwhile."""
    idle(1)
    options.cluster.forget_statements(postgres.database)
    polls = idle(options.seconds).rate * options.seconds
    asked = options.cluster.statements(postgres.database)
    others = [query for query, _, _ in asked if "renew_node" not in query and "trim_feed" not in query]
    table.row(
        "statements that reach PostgreSQL through idle polls", "none",
        f"{len(others)} through {polls:,.0f} polls; the row of the node was renewed {sum(calls for query, calls, _ in asked if 'renew' in query)} times",
        not others)
    for query in others:
        table.note(f"asked while all polls were idle: {' '.join(query.split())[:200]}")


def cold_reads(options, folder, table):
    file = data.ordinary(options.cache, options.program)
    with start(options, folder, "sqlite", file, *COLD) as sqlite, start(options, folder, "postgres", file, *COLD) as postgres:
        runs = {}
        for store, postbox in (("sqlite", sqlite), ("postgres", postgres)):
            plans = Plans(postbox)
            for row, wanted in zip(COLD_ROWS, (plans.newest(), plans.cold_lists())):
                load = Load(folder, f"{store}-{row}".replace(" ", "-"), plans.fresh(wanted), postbox.audit)
                runs[row, store] = lambda seconds, load=load, postbox=postbox: load.run(postbox, seconds)
        medians = alternate(options, runs)
        for row in COLD_ROWS:
            ratio = medians[row, "postgres"].cpu / medians[row, "sqlite"].cpu
            pair(table, row, "≤ 2 × SQLite's CPU in Postbox", medians[row, "sqlite"], medians[row, "postgres"], ratio <= 2)
        one_by_one(options, table, postgres)
    return sqlite.audit + postgres.audit


def one_by_one(options, table, postgres):
    """Cold lists one after the other, and what PostgreSQL took for each."""
    people = list(READERS)
    path = "/api/messages/conversations?limit=20&messages=20"
    texts = [request("GET", path, data.user(user)) for user in people]
    options.cluster.forget_statements(postgres.database)
    answers = ask_all(postgres.port, texts, connections=1)
    if any(answer.status != 200 for answer in answers):
        raise Wrong("a cold list was not answered")
    asked = [
        row for row in options.cluster.statements(postgres.database) if "renew_node" not in row[0] and "trim_feed" not in row[0]
    ]
    calls, milliseconds = sum(row[1] for row in asked) / len(people), sum(row[2] for row in asked) / len(people)
    table.row(
        "list of 20 × 20 out of the store: statements, and PostgreSQL's time", "one or two; ≤ 4 ms",
        f"{calls:.2f} statements, {milliseconds:.2f} ms", calls <= 2.05 and milliseconds <= 4)


def memory(options, folder, table):
    """At rest, and after 100,000 people have polled."""
    file = data.crowd(options.cache, options.program)
    sizes, audit = {}, Audit(None)
    for store in STORES:
        with start(options, folder, store, file) as postbox:
            ask_all(postbox.port, [request("GET", "/healthz")])
            rest = postbox.memory()
            for first in range(0, crowd.PEOPLE, 5000):
                crowd.first_polls(postbox, range(first, first + 5000))
            sizes[store] = rest, postbox.memory()
        audit += postbox.audit
    ratios = [mine / other for mine, other in zip(sizes["postgres"], sizes["sqlite"])]
    shown = "; ".join(f"{store} {rest / 1e6:.1f} MB / {full / 1e6:.1f} MB" for store, (rest, full) in sizes.items())
    table.row(
        f"memory at rest / with {crowd.PEOPLE:,} users in the index", "≤ 1.2 ×",
        f"{shown}: {ratios[0]:.2f} × / {ratios[1]:.2f} ×", max(ratios) <= 1.2)
    return audit


def pair(table, work, must, sqlite, postgres, reached):
    measured = f"CPU {postgres.cpu / sqlite.cpu:.2f} × SQLite ({sqlite.cpu:.1f} µs, {sqlite.rate:,.0f}/s, p99 {sqlite.p99:.1f} ms)"
    table.row(work, must, measured, reached, figures=postgres)


PARTS = {"instructions": compare_instructions, "served": polls_and_sends, "cold": cold_reads, "sizes": memory}
