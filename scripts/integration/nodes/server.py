"""Nodes: processes of Postbox that serve one database."""

import os
import signal
import subprocess
import threading

# Clients ask for a whole conversation at a time.
OPTIONS = ["--identity", "demo", "--send-rate", "0", "--poll-rate", "0", "--open-rate", "0", "--max-answer-bytes", str(64 << 20)]
LISTENING = "postbox: listening on http://"


class Node:
    def __init__(self, number, program, database, options, folder):
        self.number = number
        self.program = program
        self.arguments = ["serve", "--database", database, *OPTIONS, *options]
        self.log = os.path.join(folder, f"node{number}.log")
        self.port = 0
        self.start()

    def __str__(self):
        return str(self.number)

    def start(self, program=None):
        """Starts it, the second time where it was before, or as another program from then on."""
        self.program = program or self.program
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, *self.arguments, "--port", str(self.port)], stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True
            )
        # A server that hangs at its start must not hang the audit.
        watchdog = threading.Timer(30, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line.startswith(LISTENING):
            raise RuntimeError(f"node {self.number} did not start: {line!r} {self.last_lines()}")
        self.port = int(line[len(LISTENING) :].split()[0].rsplit(":", 1)[1])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            code = self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "SIGKILL after 20 s"
        if code != 0:
            raise RuntimeError(f"node {self.number} ended with {code}: {self.last_lines()}")

    def last_lines(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-5:])

    def megabytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6

    def processor(self):
        """The seconds of CPU that it has taken."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
