"""What happens to the nodes and to the servers that they stand on. Each returns when it is mended."""

import random
import signal
import time

from clients import QUIET, Client, Wrong, path_of
from members import await_that


def await_other_leader(cluster, former):
    begin = time.monotonic()
    await_that("another member leads", lambda: cluster.leader() not in (None, former))
    print(f"    {cluster.leader()} leads after {time.monotonic() - begin:.1f} s", flush=True)


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
    """One node's link to the database hangs for eight seconds, longer than its lease, under load and then with idle polls only."""
    number = random.randrange(len(run.nodes))
    run.cluster.signal(f"link{number}", signal.SIGSTOP)
    try:
        time.sleep(0.1)
        end = time.monotonic() + 8
        watch_behind(run, run.nodes[number], end - 5)
        run.audit.busy.clear()
        await_that("the clients pause", lambda: run.audit.working == 0)
        run.cluster.sql("SELECT pg_stat_statements_reset()", run.name)
        watch_behind(run, run.nodes[number], end)
        check_statements(run)
    finally:
        run.audit.busy.set()
        run.cluster.signal(f"link{number}", signal.SIGCONT)


def watch_behind(run, node, end):
    """A node that does not hear from the database answers no poll from memory, and after a second it says when to come back."""
    client = Client(run.audit, "carol")
    response, _ = client.ask("GET", path_of(QUIET))
    tag = response.headers["ETag"]
    while time.monotonic() < end:
        begin = time.monotonic()
        response, body = client.ask_once(node, "GET", path_of(QUIET), **{"If-None-Match": tag})
        took = time.monotonic() - begin
        if response.status != 503 or not response.headers["Retry-After"]:
            raise Wrong(f"node {node} answered {response.status} without a link to the database: {body!r}")
        if not 0.9 < took < 3:
            raise Wrong(f"node {node} took {took:.2f} s to say that it is behind")
        run.audit.count("behind")


def check_statements(run):
    """Idle polls have run no statement: there were only the looks, and what keeps the rows of the nodes."""
    own = "postbox.look\\(|postbox.renew_node|postbox.remove_node|postbox.trim_feed|pg_stat_statements|pg_logical_emit_message|synchronous_standby_names"
    others = run.cluster.sql(
        f"""SELECT s.calls || ' x ' || s.query FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
        WHERE d.datname = '{run.name}' AND s.toplevel AND s.query !~ '{own}'""",
        run.name,
    )
    if others:
        raise Wrong(f"idle polls ran statements: {others}")


def freeze_node(run):
    """A node stands still for longer than its lease, as a paused machine does."""
    node = random.choice(run.nodes)
    node.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(12)
    finally:
        node.process.send_signal(signal.SIGCONT)


def replace_nodes(run):
    """Each node in turn is stopped and started, the second time as the present program where it began as a former one."""
    for node in run.nodes:
        node.stop()
        node.start(run.options.program)
        run.await_sends()


FAULTS = {
    fault.__name__.replace("_", "-"): fault
    for fault in (
        nothing, kill_node, freeze_node, replace_nodes, kill_primary, kill_machine, kill_patroni, freeze_patroni, restart_postgres, stop_link,
    )  # fmt: skip
}
# After these another server is the primary.
PROMOTIONS = {"kill-primary", "kill-machine", "freeze-patroni"}
