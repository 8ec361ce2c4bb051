"""Instructions in user space for one idle poll, counted by callgrind: the same under every load, and nearly so on every machine.

They are compared with instructions.txt, by whoever changes the way of an idle poll; see there.
"""

import os
import re
import socket
import subprocess
import time

import data
import load
import servers

POLLS = 2000
LIMITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.txt")


def limits():
    with open(LIMITS, encoding="utf-8") as file:
        return {line.split()[0]: int(line.split()[1]) for line in file if line.strip() and not line.startswith("#")}


def run(options, folder, table):
    counts = {}
    with servers.Bare(options.programs, under=callgrind(folder, "bare")) as bare:
        tag = '"1ev2c06g.100.50.50-153i1rdwsu7nn"'
        polls = [load.request("GET", load.BASE, data.user(number), tag=tag) for number in range(50)]
        counts["bare"] = count(bare, polls, os.path.join(folder, "bare"))
    # Valgrind 3.19 ends at the debugging information that Swift writes.
    program = os.path.join(folder, "stripped")
    subprocess.run(["strip", "--strip-debug", "-o", program, options.program], check=True)
    database = data.ordinary(options.cache, options.program, 10_000)
    with servers.Postbox(program, folder, database, "--loops", "1", under=callgrind(folder, "postbox")) as postbox:
        plans = load.Plans(servers.Client(postbox.port), folder)
        for name, requests in (("list-304", plans.lists()), ("messages-304", plans.messages())):
            counts[name] = count(postbox, [text for _, text in requests[:50]], os.path.join(folder, "postbox"))
        postbox.remove_database()
    for name, most in limits().items():
        table.row(f"instructions: {name}", f"≤ {most:,}", f"{counts[name]:,}", counts[name] <= most)
    table.row("*instructions: bare*", "", f"{counts['bare']:,}", None)


def callgrind(folder, name):
    # It counts an instruction that fills memory as often as it has bytes to fill, so none may be used.
    tunables = "GLIBC_TUNABLES=glibc.cpu.x86_rep_stosb_threshold=1073741824"
    out = f"--callgrind-out-file={os.path.join(folder, name)}"
    return ["env", tunables, "valgrind", "--quiet", "--tool=callgrind", out]


def count(server, polls, out):
    """The instructions of one poll, on average."""
    poll(server.port, polls, 200)
    settle(server)
    control(server, "--zero")
    poll(server.port, polls, POLLS)
    control(server, "--dump")
    # Dumps are numbered.
    folder, name = os.path.split(out)
    numbers = [int(path.rsplit(".", 1)[1]) for path in os.listdir(folder) if re.fullmatch(rf"{name}\.\d+", path)]
    with open(f"{out}.{max(numbers)}", encoding="utf-8") as file:
        return int(re.search(r"^summary: (\d+)", file.read(), re.MULTILINE).group(1)) // POLLS


def settle(server):
    """Waits until nothing goes on any more, such as the checkpoint after the first requests' writes."""
    used = -1.0
    while server.cpu() - used > 0.005:
        used = server.cpu()
        time.sleep(0.5)


def control(server, command):
    subprocess.run(["callgrind_control", command, str(server.process.pid)], check=True, capture_output=True, timeout=60)


def poll(port, polls, times):
    """Makes so many polls on one connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        for number in range(times):
            connection.sendall(polls[number % len(polls)].encode())
            answer = b""
            while b"\r\n\r\n" not in answer:
                part = connection.recv(65536)
                if not part:
                    raise load.Wrong("the connection was closed")
                answer += part
            if not answer.startswith(b"HTTP/1.1 304 "):
                raise load.Wrong(f"no 304: {answer[:200]!r}")
