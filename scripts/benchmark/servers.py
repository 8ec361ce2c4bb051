"""The servers under measurement: started on loopback, on free ports, and ended by their own process id."""

import contextlib
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time

import postgres
from audit import Audit
from exchange import BASE, SECRET, Exchange, Wrong, request


class Server:
    """A process that listens; it ends with the `with` block, and must end as it should."""

    # What the process says when it is asked to end.
    ends_with = 0
    copies = 0
    # The PostgreSQL that the next Postbox is on; None for a file.
    store = None

    def __init__(self, command, **options):
        # A group of its own: an interrupt in the terminal must not end it before it was measured.
        self.process = subprocess.Popen(command, start_new_session=True, **options)
        try:
            self.await_start()
        except BaseException:
            self.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        code = self.end()
        if kind is None and code != self.ends_with:
            raise Wrong(f"{self.process.args[0]} ended with {code}")

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "no end"

    def await_start(self, seconds=60):
        """Where the server says it listens."""
        with killing(self.process, seconds):
            line = self.process.stdout.readline()
        if ": listening on http://" not in line:
            raise SystemExit(f"a server did not start: {line!r}")
        self.port = int(line.split()[3].rsplit(":", 1)[1])

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def processes(self):
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [pid, *map(int, file.read().split())]

    def cpu(self):
        """Seconds of processor time so far, in user space and kernel, in nanoseconds: /proc/PID/stat counts hundredths of a second."""
        # CPUCLOCK_SCHED of another process; see clock_getcpuclockid(3).
        return sum(time.clock_gettime((~pid << 3) | 2) for pid in self.processes())

    def settle(self):
        """Waits until nothing goes on any more, such as a checkpoint after the last writes."""
        deadline = time.monotonic() + 60
        quiet = 0
        before = (self.cpu(), self.written())
        while quiet < 3:
            if time.monotonic() > deadline:
                raise SystemExit("a server does not come to rest")
            time.sleep(0.2)
            now = (self.cpu(), self.written())
            quiet = quiet + 1 if now[0] - before[0] < 0.003 and now[1] == before[1] else 0
            before = now

    def written(self):
        """Bytes for the disk so far."""
        with open(f"/proc/{self.process.pid}/io", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("write_bytes:"))

    def memory(self):
        """Resident bytes."""
        return sum(status(pid, "VmRSS") for pid in self.processes())


def status(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(f"{name}:"))


class Bare(Server):
    # It has no handler.
    ends_with = -signal.SIGTERM

    def __init__(self, programs, under=()):
        super().__init__([*under, os.path.join(programs, "bare")], stdout=subprocess.PIPE, text=True)


class Nginx(Server):
    def __init__(self, program, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        root = os.path.join(folder, "nginx")
        # The same path as the list, so that requests are equally long.
        os.makedirs(root + os.path.dirname(BASE))
        with open(root + BASE, "wb") as file:
            file.write(b"x" * 2048)
        # Started by root, the workers would be somebody who may not look into that folder.
        user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
        config = os.path.join(root, "nginx.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(
                f"{user} daemon off; pid {root}/pid; error_log stderr crit; worker_processes {os.cpu_count()};\n"
                f"worker_rlimit_nofile 16384; events {{ worker_connections 8192; }}\n"
                f"http {{ access_log off; keepalive_requests 1000000000; sendfile on; open_file_cache max=10;\n"
                f"client_body_temp_path {root}/a; proxy_temp_path {root}/b; fastcgi_temp_path {root}/c;\n"
                f"uwsgi_temp_path {root}/d; scgi_temp_path {root}/e;\n"
                f'add_header Cache-Control "private, no-cache" always; add_header X-Poll-Interval 10 always;\n'
                f'add_header Vary "Authorization, Origin" always; add_header X-Cursor 1ev2c06g.100.50.50 always;\n'
                f"add_header Link '<?since=1ev2c06g.100.50.50>; rel=\"next\"' always;\n"
                f"server {{ listen 127.0.0.1:{self.port}; root {root}; }} }}\n"
            )
        super().__init__([program, "-p", root, "-c", config], stderr=subprocess.DEVNULL)

    def await_start(self):
        deadline = time.monotonic() + 10
        while True:
            try:
                with Exchange(self.port) as exchange:
                    self.tag = exchange.ask(request("GET", BASE)).tag
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise SystemExit("nginx did not start") from None
                time.sleep(0.02)


class Postbox(Server):
    def __init__(self, program, folder, database, *arguments, under=(), cold=False):
        """Serves a copy of a database; `cold`: none of which is in the page cache."""
        Server.copies += 1
        self.cluster = Server.store
        if self.cluster:
            self.database = self.cluster.copy(database)
        else:
            self.database = os.path.join(folder, f"{Server.copies}.sqlite")
            shutil.copyfile(database, self.database)
            if cold:
                drop_cached(self.database)
        self.audit = Audit(self.database)
        secret = os.path.join(folder, "secret")
        with open(secret, "w", encoding="ascii") as file:
            file.write(SECRET)
        # The settings of whoever measures are not the settings to measure.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("POSTBOX")}
        started = time.monotonic()
        super().__init__(
            [*under, program, "serve", "--port", "0", "--database", self.database, "--identity", "jwt"]
            # Limits that nobody reaches: without any, their part of the work would be left out.
            + ["--jwt-secret-file", secret, "--send-rate", "1000000", "--send-burst", "1000000"]
            + ["--poll-rate", "1000000", "--poll-burst", "1000000", "--log-level", "error", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.seconds_to_start = time.monotonic() - started

    def __exit__(self, kind, *rest):
        """Compares what was answered with the database, which goes then."""
        super().__exit__(kind, *rest)
        if kind is None:
            self.audit.check()
        if self.cluster:
            self.cluster.drop(postgres.name_of(self.database))
        else:
            for path in glob.glob(f"{self.database}*"):
                os.remove(path)


@contextlib.contextmanager
def killing(process, after):
    """Ends a process that keeps us waiting for so many seconds."""
    watchdog = threading.Timer(after, process.kill)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def drop_cached(path):
    """Has the system forget what it has of a file; it keeps what is not on disk yet."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
