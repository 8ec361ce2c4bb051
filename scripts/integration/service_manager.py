"""Stands in for a service manager: holds a listening socket, runs a program that serves it, and starts it again when it ends well.

python3 service_manager.py [--whatever-ends-it] COMMAND… prints a line for the port, for each process it starts and for each thing it
is told; SIGTERM ends the program and then this. With the option, the program is started again also when it ends badly.
"""

import os
import select
import signal
import socket
import sys


def say(*words):
    print(*words, flush=True)


def start(listener, command):
    child = os.fork()
    if child == 0:
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", NOTIFY_SOCKET="@" + name)
        os.execvp(command[0], command)
    say("process", child)
    return child


listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
name = f"postbox-{os.getpid()}"
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told.bind("\0" + name)
ended, wake = os.pipe()
os.set_blocking(wake, False)
signal.signal(signal.SIGCHLD, lambda *_: None)
stopping = False


def stop(*_):
    global stopping
    stopping = True
    os.kill(child, signal.SIGTERM)


signal.set_wakeup_fd(wake)
say("port", listener.getsockname()[1])
command = sys.argv[1:]
always = command[0] == "--whatever-ends-it"
if always:
    command.pop(0)
child = start(listener, command)
signal.signal(signal.SIGTERM, stop)
while True:
    ready, _, _ = select.select([told, ended], [], [])
    if told in ready:
        say("told", told.recv(4096).decode().replace("\n", " "))
    if ended in ready:
        os.read(ended, 100)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid == child:
            say("ended", os.waitstatus_to_exitcode(status))
            if stopping or (status != 0 and not always):
                sys.exit(os.waitstatus_to_exitcode(status))
            child = start(listener, command)
