"""The rows about many people: polls of more of them than there are answers kept ready, and what they take in memory."""

import statistics

import data
import servers
from exchange import BASE, Wrong, ask_all, request
from load import Load, shuffled
from plans import Plans, messages_path
from truth import Truth, compare

POLLERS = 20_000
PEOPLE = 100_000


def idle_polls(options, folder, table):
    """The idle polls of 20,000 people in turn, next to those of 500."""
    database = data.crowd(options.cache, options.program)
    with servers.Postbox(options.program, folder, database) as postbox:
        plans = Plans(postbox)
        loads = {}
        for people in (500, POLLERS):
            users = range(people)
            loads["lists", people] = Load(folder, f"lists-{people}", plans.idle(plans.lists(users)), postbox.audit)
            # In that database the conversation with a user's own number is theirs.
            pages = [plans.newest_page(user, user, 100) for user in users]
            loads["messages", people] = Load(folder, f"messages-{people}", plans.idle(pages), postbox.audit)
        measured = {name: [] for name in loads}
        for one in loads.values():
            one.run(postbox, 1)
        for turn in range(options.rounds):
            for name in shuffled(loads, turn):
                measured[name].append(loads[name].run(postbox, options.seconds))
    costs = {name: statistics.median(one.cpu for one in several) for name, several in measured.items()}
    for kind in ("lists", "messages"):
        table.curve("people", f"idle polls of {kind}", [(people, costs[kind, people] / costs[kind, 500]) for people in (500, POLLERS)])
        table.row(
            f"idle polls of {kind}, {POLLERS:,} people in turn", "",
            f"CPU {costs[kind, POLLERS] / costs[kind, 500]:.2f} × that of 500 people", None,
            figures=sorted(measured[kind, POLLERS], key=lambda one: one.cpu)[options.rounds // 2])
    return postbox.audit


def memory(options, folder, table):
    """At rest, and after 100,000 people have polled their list and a conversation."""
    database = data.crowd(options.cache, options.program)
    with servers.Postbox(options.program, folder, database) as postbox:
        ask_all(postbox.port, [request("GET", "/healthz")])
        rest = postbox.memory()
        tags = set()
        for start in range(0, PEOPLE, 5000):
            tags |= first_polls(postbox, range(start, start + 5000))
        full = postbox.memory()
        if len(tags) < 2 * PEOPLE:
            raise Wrong("two people got the same entity tag")
    table.row(
        f"memory at rest / with {PEOPLE:,} users in the index", "≤ 40 MB / ≤ 120 MB",
        f"{rest / 1e6:.1f} MB / {full / 1e6:.1f} MB", rest <= 40e6 and full <= 120e6,
    )
    return postbox.audit


def first_polls(postbox, people):
    """Polls the list and a conversation of each, compares some of the answers with the database, and returns the entity tags."""
    users = [(number, data.user(number)) for number in people]
    lists = ask_all(postbox.port, [request("GET", BASE, user) for _, user in users])
    messages = ask_all(postbox.port, [request("GET", messages_path(number), user) for number, user in users])
    told = Truth(postbox.database)
    for (number, user), of_list, of_messages in list(zip(users, lists, messages))[::97]:
        compare(f"list of {user}", of_list.body, told.conversations(user, 100, 20))
        compare(f"messages of {user}", of_messages.body, told.newest(number, user, 100))
    if any(answer.status != 200 for answer in lists + messages):
        raise Wrong("somebody was not answered")
    postbox.audit.answers += len(lists) + len(messages)
    return {answer.tag for answer in lists + messages}
