"""The members of a cluster that cluster.py has started: who leads, and what can happen to them."""

import glob
import http.client
import json
import os
import signal
import subprocess
import time


def postgres_programs():
    """The newest PostgreSQL of this Debian."""
    return max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))


def processes_of(data):
    """The processes of the server with this data folder, its own first; none where it does not run."""
    try:
        with open(os.path.join(data, "postmaster.pid"), encoding="ascii") as file:
            main = int(file.readline())
        with open(f"/proc/{main}/cmdline", "rb") as file:
            # The number may be another process's by now.
            if b"postgres" not in file.read():
                return []
    except (OSError, ValueError):
        return []
    found = [main]
    for name in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(name, "rb") as file:
                pid, rest = file.read().split(b" (", 1)
        except OSError:
            continue
        if int(rest.rsplit(b") ", 1)[1].split()[1]) == main:
            found.append(int(pid))
    return found


def send(number, processes):
    """A signal to processes, some of which may have ended."""
    for pid in processes:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def await_that(what, condition, patience=60):
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {patience} s in vain for: {what}")
        time.sleep(0.05)


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        await_that("the ports of the cluster", lambda: os.path.exists(os.path.join(folder, "cluster.json")))
        with open(os.path.join(folder, "cluster.json"), encoding="utf-8") as file:
            self.__dict__.update(json.load(file))

    def path(self, name):
        return os.path.join(self.folder, name)

    # What is known -----------------------------------------------------------------------

    def ask(self, name, method, path, body=None, timeout=2):
        connection = http.client.HTTPConnection("127.0.0.1", self.members[name]["rest"], timeout=timeout)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def states(self):
        """What Patroni knows of each member, from the first that answers."""
        for name in self.members:
            status, body = self.ask(name, "GET", "/cluster")
            if status == 200:
                return {member["name"]: member for member in json.loads(body)["members"]}
        return {}

    def leader(self):
        """The member that takes writes and says so itself; None where there is none."""
        return next((name for name in self.members if self.ask(name, "GET", "/primary", timeout=1)[0] == 200), None)

    def is_whole(self):
        """Three members run, two follow, and one of them confirms each commit."""
        states = self.states()
        roles = sorted(state["role"] for state in states.values())
        follow = sum(state["state"] == "streaming" and not state.get("lag") for state in states.values())
        return roles == ["leader", "replica", "sync_standby"] and follow == 2 and self.leader() is not None

    def await_whole(self):
        await_that("three members, of which one confirms commits", self.is_whole, 90)

    def timeline(self):
        return max((state.get("timeline", 0) for state in self.states().values()), default=0)

    # SQL ---------------------------------------------------------------------------------

    def sql(self, text, database="postgres", member=None):
        """Runs SQL as the superuser, at the primary or at a member."""
        port = str(self.members[member or self.leader() or "pg1"]["port"])
        command = ["psql", "-XAtq", "--set", "ON_ERROR_STOP=1", "-h", self.folder, "-p", port, "-U", "postgres", "-d", database, "-c", text]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.rstrip("\n")

    def make_database(self, name):
        self.sql("DO $$ BEGIN CREATE ROLE postbox LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        self.sql(f'CREATE DATABASE "{name}" OWNER postbox TEMPLATE template0')
        self.sql("CREATE EXTENSION pg_stat_statements", name)
        # libpq asks no further server where one says that there is no such database.
        known = f"SELECT count(*) FROM pg_database WHERE datname = '{name}'"
        await_that("all members have the database", lambda: all(self.sql(known, member=member) == "1" for member in self.members))

    def address(self, link, database):
        """The way through one HAProxy, which only one server of Postbox uses."""
        return f"postgresql://postbox@127.0.0.1:{self.links[link]}/{database}"

    def direct_address(self, database):
        """The way without a proxy: libpq finds the server that takes writes."""
        hosts = ",".join(f"127.0.0.1:{member['port']}" for member in self.members.values())
        return f"postgresql://postbox@{hosts}/{database}?target_session_attrs=read-write"

    # What happens ------------------------------------------------------------------------

    def process(self, name):
        """The process id of a Patroni, or of a link."""
        with open(self.path(f"{name}.process"), encoding="ascii") as file:
            return int(file.read())

    def signal(self, name, number):
        os.kill(self.process(name), number)

    def kill_server(self, name):
        """As the end of the server alone; its Patroni stays."""
        send(signal.SIGKILL, processes_of(self.path(name)))

    def kill_machine(self, name):
        """The server and its Patroni, which do not come back before `start_machine`."""
        with open(self.path(f"{name}.down"), "w", encoding="ascii"):
            pass
        self.signal(name, signal.SIGKILL)
        self.kill_server(name)

    def start_machine(self, name):
        os.remove(self.path(f"{name}.down"))

    def restart_server(self, name):
        status, answer = self.ask(name, "POST", "/restart", "{}", timeout=60)
        if status != 200:
            raise RuntimeError(f"{status} for a restart of {name}: {answer}")
