"""The rows about size: open connections, memory, long conversations, large databases."""

import os
import statistics
import subprocess
import time

import data
import load
import servers
from load import Wrong, messages_path, request, wrk

CONNECTIONS = 10_000
KIBIBYTE = 1024
MEBIBYTE = 1024 * 1024


def connections(options, folder, table):
    """10,000 people, each with a connection of their own, poll list and messages every 10 s."""
    database = data.crowd(options.cache, options.program)
    with servers.Postbox(options.program, folder, database, "--max-connections-per-address", "0") as postbox:
        path = os.path.join(folder, "pollers")
        with open(path, "w", encoding="ascii") as file:
            for number in range(CONNECTIONS):
                token = servers.token(data.user(number))
                file.write(f"{load.BASE} {token}\n{messages_path(number)} {token}\n")
        before = postbox.memory()
        command = [os.path.join(options.programs, "pollers"), str(postbox.port), path, str(CONNECTIONS), "10", "20"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pollers:
            if pollers.stdout.readline() != "measuring\n":
                raise Wrong("the pollers did not get as far as measuring")
            used, started = postbox.cpu(), time.monotonic()
            polls, errors, p50, p99 = map(int, pollers.stdout.readline().split())
            share = (postbox.cpu() - used) / (time.monotonic() - started)
        each = (postbox.memory() - before) / CONNECTIONS / KIBIBYTE
        postbox.remove_database()
    figures = load.Measurement(rate=polls / 20, p50=p50 / 1000, p99=p99 / 1000, cpu=share * 20e6 / polls)
    table.row(
        f"{CONNECTIONS:,} open connections, each polling both endpoints every 10 s",
        "0 errors, p99 ≤ 10 ms, ≤ 15 % of one core, ≤ 16 KiB each",
        f"{errors} errors, {share:.1%} of one core, {each:.1f} KiB each",
        errors == 0 and p99 <= 10_000 and share <= 0.15 and each <= 16, figures=figures,
    )
    if errors:
        raise Wrong(f"{errors} wrong answers on {CONNECTIONS:,} connections")


def memory(options, folder, table):
    """At rest, and after 100,000 people have polled their list and a conversation."""
    people = 100_000
    database = data.crowd(options.cache, options.program)
    with servers.Postbox(options.program, folder, database) as postbox:
        servers.Client(postbox.port).get("/healthz")
        rest = postbox.memory()
        requests = []
        for number in range(people):
            user = data.user(number)
            requests += [(200, request("GET", load.BASE, user)), (200, request("GET", messages_path(number), user))]
        file = load.write(os.path.join(folder, "crowd.requests"), requests)
        asked = 0.0
        while asked < len(requests):
            asked += wrk(postbox, file, os.path.join(folder, "crowd.kept"), 60).rate * 60
        full = postbox.memory()
        postbox.remove_database()
    table.row(
        f"memory at rest / with {people:,} users in the index", "≤ 40 MB / ≤ 120 MB",
        f"{rest / 1e6:.1f} MB / {full / 1e6:.1f} MB", rest <= 40e6 and full <= 120e6,
    )


def long_conversation(options, folder, table):
    """The same work in a conversation of 1,000,000 messages and in one of 1,000."""
    database = data.uneven(options.cache, options.program)
    with servers.Postbox(options.program, folder, database) as postbox:
        works = {
            "newest page": lambda number, size: request("GET", messages_path(number, "?limit=50"), people(number)),
            "page in the middle": lambda number, size: request(
                "GET", messages_path(number, f"?limit=50&before={size // 2}"), people(number)),
            "unread count": lambda number, size: request("GET", f"{load.BASE}?messages=0", people(number)),
        }
        ratios = {}
        for name, make in works.items():
            cost = {number: [] for number in (0, 1)}
            for turn in range(options.rounds):
                for number, size in ((0, 1_000_000), (1, 1000)):
                    file = load.write(os.path.join(folder, "uneven.requests"), [(200, make(number, size))])
                    result = wrk(postbox, file, os.path.join(folder, "uneven.kept"), 1)
                    cost[number].append(result.cpu)
            ratios[name] = statistics.median(cost[0]) / statistics.median(cost[1])
        ratios["mark as read"] = reading(postbox, 0, 1_000_000) / reading(postbox, 1, 1000)
        postbox.remove_database()
    table.row(
        "one conversation of 1,000,000 messages against one of 1,000", "each ≤ 2 ×",
        ", ".join(f"{name} {ratio:.2f} ×" for name, ratio in ratios.items()),
        all(ratio <= 2 for ratio in ratios.values()),
    )


def people(conversation):
    """The first of the two people in a conversation of `data.uneven`."""
    return data.user(2 * conversation)


def reading(postbox, conversation, size):
    """Processor time of moving a read marker forward, in steps from the middle to the end."""
    client, steps = servers.Client(postbox.port), 200
    before = postbox.cpu()
    for step in range(1, steps + 1):
        n = size // 2 + step * (size // 2) // steps
        body = {"upTo": f"{data.conversation(conversation)}:{n}"}
        path = f"{load.BASE}/{data.conversation(conversation)}/read"
        client.request("PUT", path, people(conversation), body)
    return postbox.cpu() - before


def growth(options, folder, table):
    """Idle polls and deltas over 10,000 and over 10,000,000 messages, side by side, and how long the large one takes to start."""
    sizes = {"small": 10_000, "large": 10_000_000}
    databases = {name: data.ordinary(options.cache, options.program, size) for name, size in sizes.items()}
    with (
        servers.Postbox(options.program, folder, databases["small"]) as small,
        servers.Postbox(options.program, folder, databases["large"]) as large,
    ):
        started = time.monotonic()
        servers.Client(large.port).get(load.BASE, data.user(1))
        start = large.seconds_to_start + time.monotonic() - started
        ratios = {}
        for name, plan in (("idle poll", load.Plans.messages), ("delta", load.Plans.deltas)):
            files = {}
            for server in (small, large):
                plans = load.Plans(servers.Client(server.port), folder)
                files[server] = plans.file(f"{name}-{server.port}", plan(plans))
                wrk(server, files[server], os.path.join(folder, "growth.kept"), 1)
            cost = {server: [] for server in files}
            for _ in range(options.rounds):
                for server, file in files.items():
                    cost[server].append(wrk(server, file, os.path.join(folder, "growth.kept"), options.seconds).cpu)
            ratios[name] = statistics.median(cost[large]) / statistics.median(cost[small])
        for server in (small, large):
            server.remove_database()
    table.row(
        "growth from 10,000 to 10,000,000 messages", "within 10 %",
        ", ".join(f"{name} {ratio:.2f} ×" for name, ratio in ratios.items()), all(ratio <= 1.1 for ratio in ratios.values()),
    )
    table.row("start to first answer with 10,000,000 messages", "≤ 1 s", f"{start:.2f} s", start <= 1)
