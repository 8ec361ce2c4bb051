"""The program, for audits that end it at random moments."""

import atexit
import http.client
import os
import queue
import signal
import subprocess
import sys
import threading

LISTENING = "postbox: listening on http://"
# A client that asks for the first time gets the whole list in one page.
OPTIONS = ["--send-rate", "0", "--poll-rate", "0", "--open-rate", "0", "--max-answer-bytes", str(64 << 20)]


class Server:
    def __init__(self, program, database, port=0):
        command = [program, "serve", "--identity", "demo", "--port", str(port), "--database", database, *OPTIONS]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        # A server that hangs at its start must not hang the audit.
        # With PostgreSQL it waits for the end of the lease of the one that was killed.
        watchdog = threading.Timer(20, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line.startswith(LISTENING):
            sys.exit(f"the server did not start: {line!r}")
        self.host, self.port = line[len(LISTENING) :].split()[0].rsplit(":", 1)

    def connect(self):
        return http.client.HTTPConnection(self.host, int(self.port), timeout=15)

    def end(self, number):
        self.process.send_signal(number)
        try:
            code = self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            sys.exit(f"the server outlived {number!r} by 15 s")
        expected = 0 if number == signal.SIGTERM else -number
        if code != expected:
            sys.exit(f"the server ended with {code} on {number!r}")


class ManagedServer:
    """The program under a service manager that holds its socket, and starts it again whatever has ended it."""

    def __init__(self, program, database):
        manager = os.path.join(os.path.dirname(os.path.abspath(__file__)), "service_manager.py")
        command = [sys.executable, manager, "--whatever-ends-it", program, "serve", "--identity", "gateway", "--database", database, *OPTIONS]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.terminate)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.host, self.port = "127.0.0.1", self.told("port ")
        self.child = int(self.told("process "))
        self.told("told READY=1")

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def told(self, beginning):
        """What follows this in the next line that the manager prints and that begins so."""
        while True:
            try:
                line = self.lines.get(timeout=15)
            except queue.Empty:
                sys.exit(f"the manager was not told in 15 s: {beginning}")
            if line.startswith(beginning):
                return line[len(beginning) :]

    def restart(self, number):
        """Ends the process, and returns once the next one is ready."""
        os.kill(self.child, number)
        code = int(self.told("ended "))
        if code != (0 if number == signal.SIGTERM else -number):
            sys.exit(f"the server ended with {code} on {number!r}")
        self.child = int(self.told("process "))
        self.told("told READY=1")

    def end(self):
        self.process.terminate()
        if self.process.wait(timeout=15) != 0:
            sys.exit("the manager did not end well")
