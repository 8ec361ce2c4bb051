"""Nodes of Postbox on a cluster, under the load of clients that hop between them and audit what they are shown, while faults happen.

`python3 nodes CLUSTER PROGRAM FAULT…` makes a database in the cluster that cluster.py runs in the folder CLUSTER, starts three nodes of
PROGRAM on it, and has the faults happen one after the other. Prints how much was sent and asked, and for how long sends paused. Ends with
1 where anything was wrong.
"""

import argparse
import random
import signal
import sys
import tempfile
import time

import checks
from clients import PEOPLE, QUIET, TALKS, Audit, Client, Follower, Idler, Reader, Sender, Wrong, path_of
from faults import FAULTS, PROMOTIONS
from members import Cluster, await_that
from server import Node


class Run:
    def __init__(self, options, folder):
        self.options = options
        self.cluster = Cluster(options.cluster)
        self.cluster.await_whole()
        self.name = f"d{random.randrange(10**9)}"
        self.cluster.make_database(self.name)
        arguments = ["--replicated"] if options.replicated else []
        self.nodes, self.sizes = [], []
        for number in range(options.nodes):
            is_direct = options.direct and number == 0
            address = self.cluster.direct_address(self.name) if is_direct else self.cluster.address(number % 3, self.name)
            self.nodes.append(Node(number, options.former or options.program, address, arguments, folder))
        self.audit = Audit(self.nodes, options.pause)

    def await_sends(self, count=20):
        """Sends are acknowledged again."""
        goal = self.audit.counts["sent"] + count
        await_that(f"{count} sends succeed", lambda: self.audit.counts["sent"] >= goal or self.audit.complaints, 90)

    def start_clients(self):
        for talk in [*TALKS, QUIET]:
            response, body = Client(self.audit, PEOPLE[0]).ask(
                "POST", path_of(talk), {"content": "first", "clientMessageId": talk, "participantIds": PEOPLE}
            )
            if response.status != 201:
                raise Wrong(f"{response.status}: {body!r}")
        self.followers = [Follower(self.audit, user, talk) for user in PEOPLE[:2] for talk in TALKS]
        clients = [Sender(self.audit, user) for user in PEOPLE] + [Reader(self.audit, user) for user in PEOPLE[2:]]
        return [self.audit.run(client) for client in [*clients, *self.followers, Idler(self.audit, "alice"), Idler(self.audit, "bob")]]

    def happen(self, fault):
        """Lets a fault happen, and returns once all is as before."""
        before, expired = self.audit.counts.copy(), self.audit.expired.copy()
        begin = time.monotonic()
        try:
            FAULTS[fault](self)
        except (Wrong, TimeoutError) as error:
            return self.audit.complain(f"{fault}: {error}")
        self.await_sends(50)
        self.cluster.await_whole()
        self.await_sends(50)
        time.sleep(self.options.rest)
        end = time.monotonic()
        did = self.audit.counts - before
        shown = ", ".join(f"{count} {name}" for name, count in sorted(did.items()))
        print(f"{fault}: sends paused for {self.audit.longest_pause(begin, end):.1f} s; {shown}", flush=True)
        if self.options.minutes:
            self.check_memory()
        self.check_cursors(fault, self.audit.expired - expired)

    def check_cursors(self, fault, expired):
        """A cursor expires at most once, and only where another server became the primary without --replicated."""
        if any(count > 1 for count in expired.values()):
            self.audit.complain(f"{fault}: cursors expired more than once: {dict(expired)}")
        if fault in PROMOTIONS and not self.options.replicated:
            # A follower that had to begin anew has no cursor before its next answer.
            if len(expired) != len(self.followers):
                self.audit.complain(f"{fault}: {len(expired)} of {len(self.followers)} cursors expired")
        elif expired:
            self.audit.complain(f"{fault}: {sum(expired.values())} cursors expired")

    def check_memory(self):
        """What the nodes take does not grow with the time that they run."""
        megabytes = [node.megabytes() for node in self.nodes]
        print(f"    resident: {', '.join(f'{size:.0f} MB' for size in megabytes)}", flush=True)
        self.sizes.append(max(megabytes))
        third = len(self.sizes) // 3
        if third > 2 and self.sizes[-1] > 1.5 * max(self.sizes[:third]) + 32:
            self.audit.complain(f"memory grew from {max(self.sizes[:third]):.0f} to {self.sizes[-1]:.0f} MB")

    def end(self, threads):
        self.audit.over.set()
        self.audit.busy.set()
        for thread in threads:
            thread.join(timeout=70)
        try:
            for node in self.nodes:
                await_that(f"node {node} is ready", lambda node=node: self.is_ready(node), 30)
                checks.check_messages(self.audit, node)
            checks.check_followers(self.audit, self.followers, self.nodes[0])
            checks.check_lists(self.audit)
            checks.check_database(self.audit, self.options.program, self.cluster.address(0, self.name))
        except (Wrong, TimeoutError, KeyError) as error:
            self.audit.complain(f"at the end: {error}")

    def is_ready(self, node):
        answer = Client(self.audit, "alice").ask_once(node, "GET", "/readyz")
        return answer is not None and answer[0].status == 200


def chosen(options):
    """The faults in turn, or by chance for as long as it shall take."""
    if not options.minutes:
        yield from options.faults
        return
    end = time.monotonic() + 60 * options.minutes
    while time.monotonic() < end:
        yield random.choice(options.faults)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cluster")
    parser.add_argument("program")
    parser.add_argument("faults", nargs="+", choices=list(FAULTS), metavar="FAULT", help=", ".join(FAULTS))
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--minutes", type=float, help="have faults happen by chance for so long, instead of each once")
    parser.add_argument("--rest", type=float, default=1, help="seconds between faults")
    parser.add_argument("--pause", type=float, default=0, help="seconds that a sender rests after each message")
    parser.add_argument("--replicated", action="store_true", help="start the nodes with this option")
    parser.add_argument("--direct", action="store_true", help="have node 0 connect to the servers themselves, not through HAProxy")
    parser.add_argument("--former", metavar="PROGRAM", help="an earlier build, as which the nodes begin")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended early"))

    with tempfile.TemporaryDirectory() as folder:
        run = Run(options, folder)
        try:
            threads = run.start_clients()
            run.await_sends(100)
            for fault in chosen(options):
                run.happen(fault)
                if run.audit.complaints:
                    break
            run.end(threads)
            for node in run.nodes:
                node.stop()
        finally:
            for node in run.nodes:
                node.process.kill()
            if run.audit.complaints:
                for node in run.nodes:
                    print(f"node {node}: {node.last_lines()}")
    print(f"{run.audit.counts['sent']} acknowledged, {len(run.audit.complaints)} complaints")
    sys.exit("\n".join(run.audit.complaints[:20]) if run.audit.complaints else 0)


if __name__ == "__main__":
    main()
