"""What three nodes cost and carry: `measure.py CLUSTER PROGRAM [--replicated] [--seconds N]` on a cluster that cluster.py runs.

Prints what a look takes of both sides' processors, what an idle node takes while a poll waits there, and how many sends a second all
nodes take together from wrk with 128 connections each. Everything shares this machine's processors.
"""

import argparse
import os
import random
import re
import subprocess
import tempfile
import threading
import time

from clients import PEOPLE, QUIET, Audit, Client, path_of
from members import Cluster
from server import Node

SCRIPT = """
-- wrk gives all runs the same random numbers, and what has the key of an earlier run is not stored again.
local number = @NUMBER@
request = function()
    number = number + 1
    local body = string.format('{"content": "Hello, number %d!", "clientMessageId": "%s-%d", "receiverId": "to-%d"}', number, @NODE@, number, number % 300)
    local headers = {["Content-Type"] = "application/json", ["X-User-ID"] = string.format("from-%d", number % 300)}
    return wrk.format("POST", string.format("/api/messages/conversations/@to-%d/messages", number % 300), headers, body)
end
local wrong = 0
response = function(status)
    if status ~= 201 then wrong = wrong + 1; if wrong == 1 then io.stderr:write("status ", status, "\\n") end end
end
"""


def processor(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(cluster, name, nodes, audit, seconds):
    """A poll waits at each node, and nothing happens."""
    waiters = []
    for node in nodes:
        client = Client(audit, "alice")
        client.patience = seconds + 20
        tag = client.ask_once(node, "GET", path_of(QUIET))[0].headers["ETag"]
        fields = {"If-None-Match": tag, "Prefer": f"wait={seconds + 4}"}
        waiters.append(threading.Thread(target=client.ask_once, args=(node, "GET", path_of(QUIET)), kwargs=fields, daemon=True))
        waiters[-1].start()
    time.sleep(2)
    # With --replicated each look is followed by a look at the setting.
    find = f"""SELECT pid FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()
        AND (query LIKE '%postbox.look(%' OR query LIKE '%synchronous_standby_names%')"""
    backends = cluster.sql(find, name).split()
    cluster.sql("SELECT pg_stat_statements_reset()", name)
    begin = [node.processor() for node in nodes], [processor(pid) for pid in backends]
    time.sleep(seconds)
    shares = [100 * (node.processor() - before) / seconds for node, before in zip(nodes, begin[0])]
    servers = sum(processor(pid) - before for pid, before in zip(backends, begin[1]))
    looks = int(cluster.sql("SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE toplevel AND query LIKE '%postbox.look(%'", name))
    own = sum(shares) / 100 * seconds
    print(f"idle with a waiter at each: {', '.join(f'{share:.1f} %' for share in shares)} of a core for each node")
    if looks:
        print(f"looks: {looks / seconds / len(nodes):.0f}/s a node; {1000 * own / looks:.2f} ms of CPU at the node (all it does), "
              f"{1000 * servers / looks:.2f} ms at PostgreSQL")  # fmt: skip


def sends(nodes, seconds, folder):
    runs = []
    for node in nodes:
        path = os.path.join(folder, f"{node}.lua")
        with open(path, "w", encoding="ascii") as file:
            file.write(SCRIPT.replace("@NODE@", str(node)).replace("@NUMBER@", str(random.randrange(10**9))))
        command = ["wrk", "-t1", "-c128", f"-d{seconds}s", "--timeout", "20s", "--latency", "-s", path, f"http://127.0.0.1:{node.port}"]
        runs.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    texts = [run.communicate()[0] for run in runs]
    rates = [float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)) for text in texts]
    middle, late = ([re.search(rf"\n +{share}% +(\S+)", text).group(1) for text in texts] for share in (50, 99))
    failed = sum(int(match.group(1)) for text in texts if (match := re.search(r"Non-2xx or 3xx responses: (\d+)", text)))
    print(f"sends: {sum(rates):.0f}/s at {len(nodes)} nodes, p50 {', '.join(middle)}, p99 {', '.join(late)}, {failed} failed")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cluster")
    parser.add_argument("program")
    parser.add_argument("--replicated", action="store_true")
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    cluster = Cluster(options.cluster)
    cluster.await_whole()
    name = f"m{random.randrange(10**9)}"
    cluster.make_database(name)
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--replicated"] if options.replicated else []
        nodes = [Node(number, options.program, cluster.address(number, name), arguments, folder) for number in range(3)]
        try:
            audit = Audit(nodes)
            message = {"content": "first", "clientMessageId": "first", "participantIds": PEOPLE}
            Client(audit, PEOPLE[0]).ask("POST", path_of(QUIET), message)
            idle(cluster, name, nodes, audit, options.seconds)
            # The first opens the conversations.
            sends(nodes, 3, folder)
            sends(nodes, options.seconds, folder)
        finally:
            for node in nodes:
                node.process.kill()


main()
