"""Three PostgreSQL servers under Patroni, with etcd, and an HAProxy for each server of Postbox that leads to the primary.

`cluster.py FOLDER PROGRAMS` starts all of it on loopback, with ports that are free, as a user without rights where it is started by root,
and writes FOLDER/cluster.json. A Patroni that ends is started again after a second, as a service manager would do it, unless there is a
file FOLDER/NAME.down. All ends with SIGTERM, and when the process that started it has ended. PROGRAMS has patroni (a virtual
environment) and etcd.
"""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

from members import Cluster, postgres_programs, processes_of, send

MEMBERS = ["pg1", "pg2", "pg3"]
LINKS = 3


def free_ports(count):
    # All at once, so that none is given twice.
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


class Supervisor:
    def __init__(self, folder, programs):
        self.folder = folder
        # What is in the folder of another user is copied where an unprivileged one may read it.
        environment = os.path.join(programs, "patroni")
        packages = next(os.scandir(os.path.join(environment, "lib"))).path
        shutil.copytree(os.path.join(packages, "site-packages"), self.path("python"), symlinks=True)
        shutil.copy(os.path.join(programs, "etcd"), self.path("etcd"))
        self.python = os.path.realpath(os.path.join(environment, "bin", "python3"))
        self.user = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            self.user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        self.children = {}
        self.ended_at = {}
        self.commands = {}

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def configure(self):
        etcd, peer, *ports = free_ports(2 + 2 * len(MEMBERS) + LINKS)
        members = {name: {"port": ports[2 * index], "rest": ports[2 * index + 1]} for index, name in enumerate(MEMBERS)}
        links = ports[2 * len(MEMBERS) :]
        self.commands["etcd"] = [self.path("etcd"), "--name", "e1", "--data-dir", self.path("etcd.data")]
        for option, port in {"client": etcd, "peer": peer}.items():
            url = f"http://127.0.0.1:{port}"
            advertised = "--advertise-client-urls" if option == "client" else "--initial-advertise-peer-urls"
            self.commands["etcd"] += [f"--listen-{option}-urls", url, advertised, url]
        self.commands["etcd"] += ["--initial-cluster", f"e1=http://127.0.0.1:{peer}"]
        for name, member in members.items():
            with open(self.path(f"{name}.yml"), "w", encoding="utf-8") as file:
                # JSON is YAML.
                json.dump(self.patroni(name, member, etcd), file, indent=1)
            self.commands[name] = [self.python, "-m", "patroni", self.path(f"{name}.yml")]
        for number, port in enumerate(links):
            with open(self.path(f"link{number}.cfg"), "w", encoding="utf-8") as file:
                file.write(haproxy(port, members))
            self.commands[f"link{number}"] = [shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", self.path(f"link{number}.cfg")]
        with open(self.path("cluster.new"), "w", encoding="utf-8") as file:
            json.dump({"members": members, "links": links}, file)
        os.rename(self.path("cluster.new"), self.path("cluster.json"))

    def patroni(self, name, member, etcd):
        server, rest = (f"127.0.0.1:{member[kind]}" for kind in ("port", "rest"))
        parameters = {
            "max_connections": 120, "shared_buffers": "64MB", "wal_keep_size": "256MB", "max_wal_size": "1GB", "hot_standby": "on",
            "wal_log_hints": "on", "checkpoint_timeout": "30min", "shared_preload_libraries": "pg_stat_statements",
        }  # fmt: skip
        timing = {
            # The least that Patroni takes.
            "ttl": 20, "loop_wait": 2, "retry_timeout": 4, "maximum_lag_on_failover": 1048576,
            # A primary that has died is not started again while a standby can take over.
            "primary_start_timeout": 0, "synchronous_mode": True, "synchronous_mode_strict": True,
            "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": parameters},
        }  # fmt: skip
        people = {role: {"username": user, "password": user} for role, user in (("superuser", "postgres"), ("replication", "replicator"))}
        return {
            "scope": "postbox",
            "name": name,
            "restapi": {"listen": rest, "connect_address": rest},
            "etcd3": {"hosts": f"127.0.0.1:{etcd}"},
            "bootstrap": {"dcs": timing, "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"]},
            "postgresql": {
                "listen": server,
                "connect_address": server,
                "data_dir": self.path(name),
                "bin_dir": postgres_programs(),
                "pgpass": self.path(f"{name}.pgpass"),
                "pg_hba": [f"{kind} trust" for kind in ("local all all", "host all all 127.0.0.1/32", "host replication all 127.0.0.1/32")],
                "parameters": {"unix_socket_directories": self.folder},
                "authentication": people,
            },
            "watchdog": {"mode": "off"},
        }

    def start(self, name):
        with open(self.path(f"{name}.log"), "ab") as log:
            environment = {"PYTHONPATH": self.path("python"), "PATH": os.environ["PATH"], "HOME": self.folder, "LC_ALL": "C.UTF-8"}
            child = subprocess.Popen(
                self.commands[name], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self.user
            )
        self.children[name] = child
        self.ended_at.pop(name, None)
        with open(self.path(f"{name}.new"), "w", encoding="ascii") as file:
            print(child.pid, file=file)
        os.rename(self.path(f"{name}.new"), self.path(f"{name}.process"))

    def look(self):
        """Starts what has ended a second ago."""
        for name, child in self.children.items():
            if child.poll() is None or os.path.exists(self.path(f"{name}.down")):
                continue
            if time.monotonic() > self.ended_at.setdefault(name, time.monotonic()) + 1:
                self.start(name)

    def run(self):
        self.configure()
        parent = os.getppid()
        for name in self.commands:
            self.start(name)
        while os.getppid() == parent:
            self.look()
            time.sleep(0.1)

    def stop(self):
        # Before the servers, so that none is started again.
        for child in self.children.values():
            child.kill()
            child.wait()
        for name in MEMBERS:
            servers = processes_of(self.path(name))
            send(signal.SIGCONT, servers)
            send(signal.SIGQUIT, servers[:1])
        end = time.monotonic() + 10
        while any(processes_of(self.path(name)) for name in MEMBERS) and time.monotonic() < end:
            time.sleep(0.05)


def haproxy(port, members):
    lines = [
        "global", "maxconn 500", "defaults", "mode tcp", "timeout connect 2s", "timeout client 1h", "timeout server 1h", "timeout check 1s",
        "listen primary", f"bind 127.0.0.1:{port}", "option httpchk GET /primary", "http-check expect status 200",
        "default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions",
    ]  # fmt: skip
    lines += [f"server {name} 127.0.0.1:{member['port']} check port {member['rest']}" for name, member in members.items()]
    return "\n".join(lines) + "\n"


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    supervisor = Supervisor(*sys.argv[1:])
    try:
        supervisor.run()
    finally:
        supervisor.stop()


if __name__ == "__main__":
    if sys.argv[1] == "await":
        Cluster(sys.argv[2]).await_whole()
    else:
        main()
