"""Speaks to a control socket: control.py SOCKET WHAT [ARGUMENT], and prints what it answers, line by line."""

import os
import socket
import sys
import time


def connect(path):
    speaker = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    speaker.settimeout(30)
    speaker.connect(path)
    return speaker


def answers(speaker):
    """What comes until the server ends the connection."""
    received = b""
    try:
        while block := speaker.recv(1 << 16):
            received += block
    except ConnectionResetError:
        # The server had not read all when it ended the connection.
        pass
    return received.decode()


def say(path, text):
    speaker = connect(path)
    try:
        speaker.sendall(text.encode() + b"\n")
        speaker.shutdown(socket.SHUT_WR)
    except OSError:
        # Refused before anything was read; the answer says why.
        pass
    print(answers(speaker), end="")


def flood(path, size):
    """Sends a line without an end."""
    speaker = connect(path)
    try:
        for _ in range(int(size) >> 16):
            speaker.sendall(b"x" * (1 << 16))
    except (BrokenPipeError, ConnectionResetError):
        pass
    print(answers(speaker), end="")


def dribble(path):
    """Sends a byte a second and says after how many seconds the server has had enough."""
    speaker = connect(path)
    speaker.settimeout(1)
    start = time.monotonic()
    while time.monotonic() - start < 30:
        try:
            speaker.sendall(b"{")
            if not speaker.recv(1):
                break
        except TimeoutError:
            continue
        except (BrokenPipeError, ConnectionResetError):
            break
    print(round(time.monotonic() - start))


def deceive(path):
    """Listens there, prints what it hears, and says that all of it is done."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o777)
    listener.listen()
    while True:
        speaker, _ = listener.accept()
        if line := speaker.recv(1 << 16):
            print(line.decode(), end="", flush=True)
            speaker.sendall(b'{"done":{}}\n')
        speaker.close()


def occupy(path, count):
    """Opens so many connections, says when they are open, and holds them until its input ends."""
    held = [connect(path) for _ in range(int(count))]
    print("open", flush=True)
    sys.stdin.read()
    for speaker in held:
        speaker.close()


if __name__ == "__main__":
    path, what, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
    {"say": say, "flood": flood, "dribble": dribble, "occupy": occupy, "deceive": deceive}[what](path, *arguments)
