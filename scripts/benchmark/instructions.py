"""Instructions in user space for one idle poll, counted by callgrind: the same under every load, and nearly so on every machine.

They are compared with instructions.txt, after each change to the way of an idle poll; see there.
"""

import os
import re
import subprocess

import data
import servers
from exchange import BASE, Exchange, Wrong, request
from plans import Plans

POLLS = 2000
LIMITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.txt")


def limits():
    with open(LIMITS, encoding="utf-8") as file:
        return {line.split()[0]: int(line.split()[1]) for line in file if line.strip() and not line.startswith("#")}


def run(options, folder, table):
    counts = {}
    with servers.Bare(options.programs, under=callgrind(folder, "bare")) as bare:
        tag = '"1ev2c06g.100.50.50-153i1rdwsu7nn"'
        polls = [request("GET", BASE, data.user(number), tag) for number in range(50)]
        counts["bare"] = count(bare, polls, os.path.join(folder, "bare"))
    program = stripped(options.program, folder)
    database = data.ordinary(options.cache, options.program, 10_000)
    with servers.Postbox(program, folder, database, "--loops", "1", under=callgrind(folder, "postbox")) as postbox:
        plans = Plans(postbox)
        for name, wanted in (("list-304", plans.lists(range(50))), ("messages-304", plans.messages(range(50)))):
            polls = [one.text for one in plans.idle(wanted)]
            counts[name] = count(postbox, polls, os.path.join(folder, "postbox"))
    for name, most in limits().items():
        table.row(f"instructions: {name}", f"≤ {most:,}", f"{counts[name]:,}", counts[name] <= most)
    table.row("*instructions: bare*", "", f"{counts['bare']:,}", None)


def stripped(program, folder):
    """The program without debugging information: valgrind 3.19 ends at what Swift writes."""
    result = os.path.join(folder, "stripped")
    subprocess.run(["strip", "--strip-debug", "-o", result, program], check=True)
    return result


def callgrind(folder, name):
    # It counts an instruction that fills memory as often as it has bytes to fill, so none may be used.
    tunables = "GLIBC_TUNABLES=glibc.cpu.x86_rep_stosb_threshold=1073741824"
    out = f"--callgrind-out-file={os.path.join(folder, name)}"
    return ["env", tunables, "valgrind", "--quiet", "--tool=callgrind", out]


def count(server, polls, out):
    """The instructions of one poll, on average."""
    with Exchange(server.port) as exchange:
        poll(exchange, polls, 200)
    server.settle()
    control(server, "--zero")
    with Exchange(server.port) as exchange:
        poll(exchange, polls, POLLS)
    control(server, "--dump")
    # Dumps are numbered.
    folder, name = os.path.split(out)
    numbers = [int(path.rsplit(".", 1)[1]) for path in os.listdir(folder) if re.fullmatch(rf"{name}\.\d+", path)]
    with open(f"{out}.{max(numbers)}", encoding="utf-8") as file:
        return int(re.search(r"^summary: (\d+)", file.read(), re.MULTILINE).group(1)) // POLLS


def control(server, command):
    subprocess.run(["callgrind_control", command, str(server.process.pid)], check=True, capture_output=True, timeout=60)


def poll(exchange, polls, times):
    """Makes so many polls, one after the other."""
    for number in range(times):
        answer = exchange.ask(polls[number % len(polls)])
        if answer.status != 304:
            raise Wrong(f"no 304: {answer}")
