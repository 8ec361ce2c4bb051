"""The rows about many conversations of one person, and many people in one conversation."""

import statistics

import data
import servers
from exchange import BASE, Exchange, request
from load import Load, shuffled
from plans import Plans, messages_path

SIZES = {0: 100, 1: 100_000}
GROUPS = range(100_100, 100_120)
MEMBER = 2000


def long_list(options, folder, table):
    """The newest page of somebody with 100,000 conversations and of somebody with 100."""
    database = data.lists(options.cache, options.program)
    with servers.Postbox(options.program, folder, database) as postbox:
        plans = Plans(postbox)
        loads = {}
        for number in SIZES:
            user = data.user(number)
            page = plans.fresh([(BASE, user, plans.truth.conversations(user, 100, 20))])
            loads[number] = Load(folder, f"list-{number}", page, postbox.audit)
        measured = {number: [] for number in loads}
        for one in loads.values():
            one.run(postbox, 1)
        for turn in range(options.rounds):
            for number in shuffled(loads, turn):
                measured[number].append(loads[number].run(postbox, options.seconds))
    few, many = (statistics.median(one.cpu for one in measured[number]) for number in SIZES)
    table.row(
        "newest page of a list of 100,000 conversations against one of 100", "≤ 3 ×", f"CPU {many / few:.2f} ×", many <= 3 * few,
        figures=sorted(measured[1], key=lambda one: one.cpu)[options.rounds // 2])
    return postbox.audit


def large_group(options, folder, table):
    """Sends to groups of 500 people, one after the other: processor time of the whole server, of which the writer's is most."""
    database = data.lists(options.cache, options.program)
    sender = data.user(MEMBER)
    with servers.Postbox(options.program, folder, database) as postbox, Exchange(postbox.port) as exchange:
        costs = []
        for turn in range(options.rounds + 1):
            before = postbox.cpu()
            for count in range(100):
                group = GROUPS[count % len(GROUPS)]
                content = f"bench-group {data.conversation(group)} {sender} {turn} {count}"
                answer = exchange.ask(request("POST", messages_path(group), sender, body={"content": content}))
                answer.json(201)
                postbox.audit.acknowledge("large-group", answer.body)
            costs.append((postbox.cpu() - before) / 100 * 1000)
        cost = statistics.median(costs[1:])
        postbox.audit.answers += 100 * len(costs)
    table.row("send to a group of 500 people", "≤ 3 ms of the writer", f"CPU {cost:.2f} ms in all", cost <= 3)
    return postbox.audit
