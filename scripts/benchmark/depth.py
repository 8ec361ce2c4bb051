"""The rows about much data: one long conversation, and a large database."""

import statistics
import time

import data
import servers
from exchange import BASE, Exchange, Wrong, request
from load import Load, shuffled
from plans import Plans, messages_path

LONG, SHORT = 1_000_000, 1000


def long_conversation(options, folder, table):
    """The same work in a conversation of 1,000,000 messages and in one of 1,000; both are in use, so in the caches as far as they fit."""
    database = data.uneven(options.cache, options.program)
    with servers.Postbox(options.program, folder, database) as postbox:
        plans = Plans(postbox)
        works = {"newest page": newest, "page in the middle": middle, "unread count": unread}
        loads = {
            (name, size): Load(folder, f"{name}-{size}", make(plans, number, size), postbox.audit)
            for name, make in works.items() for number, size in enumerate((LONG, SHORT))
        }
        cost = {name: [] for name in loads}
        for one in loads.values():
            one.run(postbox, 1)
        for turn in range(options.rounds):
            for name in shuffled(loads, turn):
                cost[name].append(loads[name].run(postbox, max(1, options.seconds // 2)).cpu)
        # Last, because it changes what the others find.
        for turn in range(options.rounds):
            for number, size in enumerate((LONG, SHORT)):
                cost.setdefault(("mark as read", size), []).append(read(postbox, number, size, turn, options.rounds))
    ratios = {
        name: statistics.median(cost[name, LONG]) / statistics.median(cost[name, SHORT]) for name in (*works, "mark as read")
    }
    table.row(
        "one conversation of 1,000,000 messages against one of 1,000", "each ≤ 2 ×",
        ", ".join(f"{name} {ratio:.2f} ×" for name, ratio in ratios.items()), all(ratio <= 2 for ratio in ratios.values()),
    )
    return postbox.audit


def people(number):
    """The two people in a conversation of `data.uneven`."""
    return [data.user(2 * number), data.user(2 * number + 1)]


def newest(plans, number, size):
    return plans.fresh([
        (messages_path(number, "?limit=50"), user, plans.truth.newest(number, user, 50)) for user in people(number)
    ])


def middle(plans, number, size):
    """Ten pages, all over the conversation."""
    wanted = []
    for part in range(1, 11):
        before = size * part // 11
        for user in people(number):
            path = messages_path(number, f"?limit=50&before={before}")
            wanted.append((path, user, plans.truth.page(number, user, before - 50, before - 1)))
    return plans.fresh(wanted)


def unread(plans, number, size):
    return plans.fresh([(f"{BASE}?messages=0", user, plans.truth.conversations(user, 100, 0)) for user in people(number)])


def read(postbox, number, size, turn, turns):
    """Processor time of moving a read marker forward, through one of `turns` equal parts of the conversation, in equal steps."""
    steps = min(200, size // turns)
    start, length = size * turn // turns, size // turns
    postbox.settle()
    with Exchange(postbox.port) as exchange:
        before = postbox.cpu()
        for step in range(1, steps + 1):
            position = start + length * step // steps
            body = {"upTo": f"{data.conversation(number)}:{position}"}
            path = f"{BASE}/{data.conversation(number)}/read"
            answer = exchange.ask(request("PUT", path, people(number)[0], body=body)).json(200)
            if answer["readUpTo"] != body["upTo"]:
                raise Wrong(f"{body} was answered {answer}")
        return postbox.cpu() - before


def growth(options, folder, table):
    """Polls over 10,000 and over 10,000,000 messages, side by side, and how long the large database takes to start."""
    sizes = {"small": 10_000, "large": 10_000_000}
    databases = {name: data.ordinary(options.cache, options.program, size) for name, size in sizes.items()}
    with servers.Postbox(options.program, folder, databases["large"], cold=True) as large:
        started = time.monotonic()
        with Exchange(large.port) as exchange:
            exchange.ask(request("GET", BASE, data.user(1))).json(200)
        start = large.seconds_to_start + time.monotonic() - started
        with servers.Postbox(options.program, folder, databases["small"]) as small:
            ratios = ratios_of(options, folder, small, large, {
                "idle list": lambda plans: plans.idle(plans.lists()),
                "idle messages": lambda plans: plans.idle(plans.messages()),
                "delta": lambda plans: plans.fresh(plans.deltas()),
            })
    audit = small.audit + large.audit
    # So little memory that the conversations of forty people in turn are never in it.
    few = ("--index-capacity", "64")
    with (
        servers.Postbox(options.program, folder, databases["small"], *few) as small,
        servers.Postbox(options.program, folder, databases["large"], *few) as large,
    ):
        ratios |= ratios_of(options, folder, small, large, {
            "delta from the database": lambda plans: plans.fresh(plans.deltas(range(550, 590))),
        })
    audit += small.audit + large.audit
    for name, ratio in ratios.items():
        table.curve("messages", name, list(zip(sizes.values(), (1, ratio))))
    table.row(
        "growth from 10,000 to 10,000,000 messages", "within 10 %",
        ", ".join(f"{name} {ratio:.2f} ×" for name, ratio in ratios.items()), all(ratio <= 1.1 for ratio in ratios.values()),
    )
    table.row("start to first answer with 10,000,000 messages, nothing in the page cache", "≤ 1 s", f"{start:.2f} s", start <= 1)
    return audit


def ratios_of(options, folder, small, large, works):
    """What each work costs in the large database, as a ratio to the small one."""
    loads = {}
    for server in (small, large):
        plans = Plans(server)
        for name, make in works.items():
            loads[name, server] = Load(folder, f"{name}-{server.port}", make(plans), server.audit)
    for (_, server), one in loads.items():
        one.run(server, 1)
    cost = {name: [] for name in loads}
    for turn in range(options.rounds):
        for name in shuffled(loads, turn):
            cost[name].append(loads[name].run(name[1], options.seconds).cpu)
    return {name: statistics.median(cost[name, large]) / statistics.median(cost[name, small]) for name in works}
