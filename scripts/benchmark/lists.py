"""The rows about many conversations of one person, many people in one conversation, and what a first look costs."""

import gzip
import statistics

import data
import servers
from asked import Asked
from exchange import BASE, Exchange, Wrong, ask_all, request
from load import Load, shuffled
from plans import Plans, messages_path, of_user
from truth import Truth, compare

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


def compressed_lists(options, folder, table):
    """Lists of 20 with 20 messages each, compressed and as they are; of few enough people that all entries are in memory."""
    database = data.ordinary(options.cache, options.program)
    with servers.Postbox(options.program, folder, database) as postbox:
        plans = Plans(postbox)
        plain = plans.fresh(plans.cold_lists()[:100])
        coded = [one.text.replace("\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n") for one in plain]
        answers = ask_all(postbox.port, coded)
        for one, answer in zip(plain, answers):
            if answer.fields.get("content-encoding") != "gzip" or gzip.decompress(answer.body) != one.body:
                raise Wrong(f"a list is something else when it is compressed: {answer}")
        asked = {"plain": plain, "gzip": [Asked(text, 200, one.tag, one.body) for text, one in zip(coded, answers)]}
        loads = {name: Load(folder, f"list-{name}", several, postbox.audit) for name, several in asked.items()}
        measured = {name: [] for name in loads}
        for one in loads.values():
            one.run(postbox, 1)
        for turn in range(options.rounds):
            for name in shuffled(loads, turn):
                measured[name].append(loads[name].run(postbox, options.seconds))
    plain, coded = (sorted(measured[name], key=lambda one: one.cpu)[options.rounds // 2] for name in loads)
    table.row(
        "list of 20 with 20 embedded each, gzip, entries in memory", "≤ 2 × the plain list",
        f"CPU {coded.cpu / plain.cpu:.2f} × the plain list ({plain.cpu:.0f} µs)", coded.cpu <= 2 * plain.cpu, figures=coded)
    return postbox.audit


def first_pages(options, folder, table):
    """The newest page of conversations that nobody has asked for since the start, each once."""
    database = data.ordinary(options.cache, options.program)
    with servers.Postbox(options.program, folder, database) as postbox:
        costs, users = [], range(1000)
        # A token is known after this; what is measured is the page.
        ask_all(postbox.port, [request("GET", f"{BASE}/none/messages", data.user(user)) for user in users])
        told = Truth(postbox.database)
        for turn in range(min(options.rounds, 10)):
            texts = [request("GET", messages_path(of_user(user, turn)), data.user(user)) for user in users]
            before = postbox.cpu()
            answers = ask_all(postbox.port, texts)
            costs.append((postbox.cpu() - before) / len(texts) * 1e6)
            for user, answer in list(zip(users, answers))[::50]:
                compare(f"first page of {data.user(user)}", answer.body, told.newest(of_user(user, turn), data.user(user), 100))
            if any(answer.status != 200 for answer in answers):
                raise Wrong("a first page was not answered")
            postbox.audit.answers += len(answers)
    cost = statistics.median(costs)
    table.row("first page of 100 of a conversation that nobody polls", "≤ 120 µs", f"CPU {cost:.0f} µs", cost <= 120)
    return postbox.audit
