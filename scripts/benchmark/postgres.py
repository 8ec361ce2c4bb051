"""The PostgreSQL beside which Postbox is measured: made once in the cache, with a socket of its own, and syncing what it writes."""

import contextlib
import glob
import os
import pwd
import subprocess
import tempfile

import database

# Beyond the defaults: what a server under load has, and what counts statements.
SETTINGS = """
listen_addresses = ''
shared_buffers = 512MB
max_wal_size = 8GB
checkpoint_timeout = 30min
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = top
"""


class Cluster:
    """Runs while it is entered."""

    def __init__(self, cache, program):
        self.program = program
        self.copies = 0
        self.programs = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
        # PostgreSQL refuses to run as root, and its user may not look into root's cache.
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self.folder = os.path.join("/var/tmp" if self.user else cache, "postbox-bench-postgres")
        self.data = os.path.join(self.folder, "data")

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        if not os.path.exists(os.path.join(self.data, "PG_VERSION")):
            self.run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "-D", self.data)
            with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
                file.write(f"{SETTINGS}unix_socket_directories = '{self.folder}'\n")
        self.run("pg_ctl", "-w", "-t", "300", "-D", self.data, "-l", os.path.join(self.folder, "log"), "start")
        self.sql("DO $$ BEGIN CREATE ROLE postbox LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        for (leftover,) in self.sql("SELECT datname FROM pg_database WHERE datname LIKE 'run-%' OR datname LIKE 'unfinished-%'"):
            self.drop(leftover)
        return self

    def __exit__(self, *_):
        self.run("pg_ctl", "-w", "-t", "300", "-m", "fast", "-D", self.data, "stop")

    def run(self, program, *arguments):
        change = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        # The server keeps what it inherits open for as long as it runs.
        done = subprocess.run(
            [os.path.join(self.programs, program), *arguments], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False, **change)
        if done.returncode:
            raise SystemExit(f"{program} failed; see {self.folder}/log")

    def address(self, name, user="postbox"):
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def sql(self, statement, name="postgres"):
        store = database.connect(self.address(name, "postgres"))
        with contextlib.closing(store):
            return store.execute(statement)

    def drop(self, name):
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def copy(self, file):
        """The address of a database of its own that has what the file has."""
        template = "made-" + os.path.basename(file).removesuffix(".sqlite")
        if not self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{template}'"):
            self.make(template, file)
        self.copies += 1
        name = f"run-{self.copies}"
        self.sql(f'CREATE DATABASE "{name}" OWNER postbox TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.address(name)

    def make(self, template, file):
        unfinished = f"unfinished-{template}"
        self.sql(f'CREATE DATABASE "{unfinished}" OWNER postbox TEMPLATE template0')
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(file), suffix=".jsonl") as history:
            subprocess.run([self.program, "export", "--database", file], check=True, stdout=history, stderr=subprocess.DEVNULL)
            subprocess.run(
                [self.program, "import", history.name, "--database", self.address(unfinished)], check=True, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
        self.sql("VACUUM (FREEZE, ANALYZE)", unfinished)
        self.sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements", unfinished)
        self.sql(f'ALTER DATABASE "{unfinished}" RENAME TO "{template}"')

    def forget_statements(self, address):
        self.sql("SELECT pg_stat_statements_reset()", name_of(address))

    def statements(self, address):
        """What Postbox has asked since then: the text, how often, and milliseconds, of each statement."""
        return self.sql(
            "SELECT query, calls, total_exec_time FROM pg_stat_statements WHERE userid = 'postbox'::regrole "
            "AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())", name_of(address))

    def cpu(self):
        """Seconds of processor time of all processes of the server that are there now."""
        with open(os.path.join(self.data, "postmaster.pid"), encoding="ascii") as file:
            main = int(file.readline())
        total = 0
        for folder in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(folder, encoding="ascii", errors="replace") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == main or folder == f"/proc/{main}/stat":
                total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")


def name_of(address):
    return address.split("@/", 1)[1].partition("?")[0]
