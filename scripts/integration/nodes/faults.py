"""What happens to the nodes and to the servers that they stand on. Each returns when it is mended."""

import random
import signal
import time

from members import await_that


def await_other_leader(cluster, former):
    await_that("another member leads", lambda: cluster.leader() not in (None, former))


def nothing(run):
    time.sleep(1)


def kill_node(run):
    """kill -9 of a node, which comes back after two seconds."""
    node = random.choice(run.nodes)
    node.kill()
    time.sleep(2)
    node.start()


def kill_primary(run):
    """kill -9 of the server; its Patroni sees it, and another member leads."""
    leader = run.cluster.leader()
    run.cluster.kill_server(leader)
    await_other_leader(run.cluster, leader)


def kill_machine(run):
    """kill -9 of the server and its Patroni; the others wait for the end of its key, 20 s at least."""
    leader = run.cluster.leader()
    run.cluster.kill_machine(leader)
    await_other_leader(run.cluster, leader)
    run.await_sends()
    run.cluster.start_machine(leader)


def kill_patroni(run):
    """kill -9 of the leader's Patroni, which a service manager starts again; the server goes on."""
    leader = run.cluster.leader()
    timeline = run.cluster.timeline()
    run.cluster.signal(leader, signal.SIGKILL)
    await_that("Patroni is there again", lambda: run.cluster.leader() == leader)
    if run.cluster.timeline() != timeline:
        run.audit.complain("there was a promotion, though the server went on")


def freeze_patroni(run):
    """The leader's Patroni stands still for 30 s: another member leads, while the old server is as it was."""
    leader = run.cluster.leader()
    run.cluster.signal(leader, signal.SIGSTOP)
    end = time.monotonic() + 30
    try:
        await_other_leader(run.cluster, leader)
        run.await_sends()
        time.sleep(max(0, end - time.monotonic()))
    finally:
        run.cluster.signal(leader, signal.SIGCONT)


def restart_postgres(run):
    """PostgreSQL is stopped and started, as for new settings."""
    run.cluster.restart_server(run.cluster.leader())


def stop_link(run):
    """One node's link to the database hangs for eight seconds: longer than its lease."""
    link = f"link{random.randrange(len(run.nodes))}"
    run.cluster.signal(link, signal.SIGSTOP)
    try:
        time.sleep(8)
    finally:
        run.cluster.signal(link, signal.SIGCONT)


def freeze_node(run):
    """A node stands still for longer than its lease, as a paused machine does."""
    node = random.choice(run.nodes)
    node.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(12)
    finally:
        node.process.send_signal(signal.SIGCONT)


FAULTS = {
    fault.__name__.replace("_", "-"): fault
    for fault in (nothing, kill_node, kill_primary, kill_machine, kill_patroni, freeze_patroni, restart_postgres, stop_link, freeze_node)
}
# After these another server is the primary.
PROMOTIONS = {"kill-primary", "kill-machine", "freeze-patroni"}
