"""Those who do everything wrong: nothing they do may be an error of the server's, or cost it anything for long."""

import asyncio
import random

from connection import BASE, Connection
from people import Wrong

WRONG = [
    ("GET", f"{BASE}?limit=0", b"", {}, 400),
    ("GET", f"{BASE}/conv-0/messages?since=zzz.1.2.3.4", b"", {}, (400, 404)),
    ("GET", f"{BASE}/conv-0/messages?since=aaaaaaaa.1.1.1", b"", {}, (400, 404, 410)),
    ("GET", f"{BASE}/no-such-thing/messages", b"", {}, 404),
    ("GET", f"{BASE}/%ff%00/messages", b"", {}, (400, 404)),
    ("DELETE", BASE, b"", {}, 405),
    ("POST", f"{BASE}/conv-0/messages", b"{", {"Content_Type": "application/json"}, (400, 404)),
    ("POST", f"{BASE}/conv-0/messages", b"\xff\xfe", {"Content_Type": "text/plain"}, (400, 404)),
    ("POST", f"{BASE}/conv-0/messages", b"[" * 50_000, {"Content_Type": "application/json"}, (400, 404)),
    ("POST", f"{BASE}/conv-0/messages", b"x" * 50_000, {"Content_Type": "text/plain"}, (404, 413)),
    ("POST", f"{BASE}/conv-0/messages", b"x" * 300_000, {"Content_Type": "text/plain"}, 413),
    ("PUT", f"{BASE}/conv-0/read", b'{"upTo": "elsewhere:1"}', {"Content_Type": "application/json"}, (404, 422)),
    ("GET", "/ws", b"", {"Upgrade": "websocket"}, 404),
    ("GET", "/" + "a" * 20_000, b"", {}, (404, 414, 431)),
]
GARBAGE = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"\0" * 5000, b"A" * 30_000, b"PRI * HTTP/2.0\r\n\r\n"]
HALVES = [
    b"GET " + BASE.encode(),
    b"POST " + BASE.encode() + b"/conv-0/messages HTTP/1.1\r\nHost: localhost\r\nX-User-ID: eve\r\nContent-Length: 1000\r\n\r\nhalf",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ",
]


async def ask_wrongly(port, ledger):
    method, path, body, fields, expected = random.choice(WRONG)
    connection = Connection(port, random.choice(["eve", "user-0", None]))
    if connection.user is None and path.startswith(BASE):
        expected = (401, 405, 413)
    try:
        status, _, answer = await connection.ask(method, path, body, **fields)
    except (ConnectionError, asyncio.IncompleteReadError):
        # A body that is much too large may be cut off.
        status = 413
    await connection.close()
    ledger.count("hostile")
    if status == 429:
        return
    if status not in (expected if isinstance(expected, tuple) else (expected,)):
        raise Wrong(f"{status} for {method} {path[:60]} of {connection.user}: {answer[:200]!r}")


async def throw(port, ledger):
    """Bytes that are no request, or half of one, and then away; or stay until thrown out."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(random.choice(GARBAGE + HALVES))
        await writer.drain()
        if random.random() < 0.3:
            await asyncio.wait_for(reader.read(), random.uniform(1, 60))
    except (ConnectionError, asyncio.TimeoutError):
        pass
    finally:
        writer.transport.abort()
    ledger.count("hostile")


async def run(port, ledger, pause, over):
    while not over.is_set():
        await random.choice([ask_wrongly, throw])(port, ledger)
        await asyncio.sleep(random.uniform(0.5, 1.5) * pause)
