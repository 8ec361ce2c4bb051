"""The rows about one user who takes as much as they can: large lists that are asked for and never read, and groups of many people."""

import json
import math
import socket
import time

import data
import servers
from exchange import BASE, Exchange, Wrong, request
from plans import messages_path

LISTS = 150
SECONDS = 10
PAUSE = 0.02
MEBIBYTE = 1 << 20


def unread_lists(options, folder, table):
    """How much memory the lists take, how long somebody else waits meanwhile, and when the memory is back."""
    database = data.hostile(options.cache, options.program)
    with servers.Postbox(options.program, folder, database) as postbox, Exchange(postbox.port) as exchange:
        rest = postbox.memory()
        unread = [ask_without_reading(postbox.port) for _ in range(LISTS)]
        sends, polls = another(postbox, exchange)
        most = servers.status(postbox.process.pid, "VmHWM")
        for one in unread:
            one.close()
        seconds, left = wait_for_memory(postbox, rest)
    postbox.audit.answers += len(polls)
    table.row(
        f"{LISTS} unread lists of 100 × 100 × 16 KB by one user: resident memory, another's send and idle poll (p99)",
        "≤ 400 MB, ≤ 50 ms, ≤ 20 ms",
        f"{most / 1e6:,.0f} MB, {p99(sends):.1f} ms, {p99(polls):.1f} ms; {seconds} s after it {left / 1e6:,.0f} MB",
        most <= 400e6 and p99(sends) <= 50 and p99(polls) <= 20)
    return postbox.audit


def ask_without_reading(port):
    connection = socket.socket()
    # What the system takes in for us is not the server's to hold.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    connection.sendall(request("GET", f"{BASE}?limit=100&messages=100", data.user(0)).encode())
    return connection


def another(postbox, exchange):
    """Milliseconds of somebody's sends and idle polls, one after the other, for a while."""
    sender, path = data.user(200), messages_path(100)
    sends, polls = [], []
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        content = f"bench-hostile {data.conversation(100)} {sender} {len(sends)}"
        answer, spent = timed(exchange, request("POST", path, sender, body={"content": content}))
        answer.json(201)
        postbox.audit.acknowledge("unread-lists", answer.body)
        sends.append(spent)
        tag = exchange.ask(request("GET", BASE, sender)).tag
        answer, spent = timed(exchange, request("GET", BASE, sender, tag))
        if answer.status != 304:
            raise Wrong(f"{answer.status} instead of 304")
        polls.append(spent)
        time.sleep(PAUSE)
    return sends, polls


def timed(exchange, text):
    started = time.monotonic()
    answer = exchange.ask(text)
    return answer, (time.monotonic() - started) * 1000


def p99(values):
    return sorted(values)[math.ceil(len(values) * 0.99) - 1]


def wait_for_memory(postbox, rest):
    """Waits for up to a minute until what is left is near to what there was; returns how long, and what is left."""
    started = time.monotonic()
    while postbox.memory() > rest + 64e6 and time.monotonic() - started < 60:
        time.sleep(0.5)
    return round(time.monotonic() - started), postbox.memory()


def victim(options, folder, table):
    """The default poll of somebody who was only named in 60 large groups."""
    database = data.hostile(options.cache, options.program)
    with servers.Postbox(options.program, folder, database) as postbox, Exchange(postbox.port) as exchange:
        body = exchange.ask(request("GET", BASE, data.user(300))).body
    json.loads(body)
    postbox.audit.answers += 1
    table.row(
        "default poll of somebody in 60 groups of 500 people with ids of 255 bytes", "≤ 1 MiB",
        f"{len(body) / MEBIBYTE:.2f} MiB", len(body) <= MEBIBYTE)
    return postbox.audit
