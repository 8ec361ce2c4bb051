#!/usr/bin/env python3
"""What no ordinary client does: requests written byte by byte on raw sockets."""

import http.client
import json
import re
import resource
import socket
import sys
import time

LIST = "/api/messages/conversations"


def exchange(port, data, timeout=15, step=0):
    """Sends bytes, and returns all that comes back until the server closes or is silent for a moment."""
    with socket.create_connection(("127.0.0.1", int(port)), timeout=timeout) as connection:
        try:
            if step:
                for start in range(0, len(data), step):
                    connection.sendall(data[start : start + step])
            else:
                connection.sendall(data)
        except OSError:
            pass
        received = b""
        # An answer is followed by silence on a connection that stays open.
        connection.settimeout(timeout)
        try:
            while True:
                part = connection.recv(65536)
                if not part:
                    break
                received += part
                connection.settimeout(0.3)
        except OSError:
            pass
        return received


def statuses(received):
    """The status and problem of each answer on a connection, such as `400 malformed-request`."""
    found = []
    for answer in re.split(rb"HTTP/1\.1 (?=\d{3} )", received)[1:]:
        kind = answer.partition(b"urn:postbox:problem:")[2].partition(b'"')[0].decode()
        found.append((answer[:3].decode() + " " + (kind or ("html" if b"<html" in answer else ""))).strip())
    return ", ".join(found) or "closed"


def request(line, *fields, body=b"", host=b"Host: localhost"):
    """A request with these lines; each may hold any bytes."""
    lines = [line.encode("latin-1") if isinstance(line, str) else line, host]
    lines += [field.encode("latin-1") if isinstance(field, str) else field for field in fields]
    return b"\r\n".join(line for line in lines if line is not None) + b"\r\n\r\n" + body


ALICE = "X-User-ID: alice"
POST = f"POST {LIST}/c-1/messages HTTP/1.1"
TEXT = "Content-Type: text/plain"
NEXT = request("GET /healthz HTTP/1.1")


def attacks():
    """Names and bytes of requests that are wrong, in the order of what they are wrong about."""
    get = f"GET {LIST} HTTP/1.1"
    yield "two Content-Length that differ", request(POST, ALICE, TEXT, "Content-Length: 2", "Content-Length: 3", body=b"Hi!") + NEXT
    yield "two Content-Length that agree", request(POST, ALICE, TEXT, "Content-Length: 2", "Content-Length: 2", body=b"Hi") + NEXT
    yield "a list as Content-Length", request(POST, ALICE, TEXT, "Content-Length: 2, 2", body=b"Hi") + NEXT
    yield "Content-Length with chunked", request(
        POST, ALICE, TEXT, "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"
    ) + NEXT
    yield "chunked with Content-Length", request(
        POST, ALICE, TEXT, "Transfer-Encoding: chunked", "Content-Length: 5", body=b"0\r\n\r\n"
    ) + NEXT
    for value in ("-1", "+2", "0x2", "2 2", "", "99999999999999999999", "1e3", "2\x0b", "2 ", "2\t"):
        yield f"Content-Length: {value!r}", request(POST, ALICE, TEXT, f"Content-Length: {value}", body=b"Hi") + NEXT
    yield "Content-Length with a blank before the colon", request(POST, ALICE, TEXT, "Content-Length : 2", body=b"Hi") + NEXT
    for value in ("xchunked", "chunked, identity", "identity", "gzip, chunked", "\x0bchunked", "chunked;x", "chunked ", "chunked\t"):
        yield f"Transfer-Encoding: {value!r}", request(
            POST, ALICE, TEXT, f"Transfer-Encoding: {value}", body=b"2\r\nHi\r\n0\r\n\r\n"
        ) + NEXT
    yield "Transfer-Encoding twice", request(
        POST, ALICE, TEXT, "Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=b"2\r\nHi\r\n0\r\n\r\n"
    ) + NEXT
    for size in ("-2", "zz", "0x2", "FFFFFFFFFFFFFFFFF", "2 2", ""):
        yield f"a chunk of size {size!r}", request(
            POST, ALICE, TEXT, "Transfer-Encoding: chunked", body=f"{size}\r\nHi\r\n0\r\n\r\n".encode()
        ) + NEXT
    yield "a folded header line", request(get, "X-User-ID: ali", " ce") + NEXT
    yield "bare line feeds", request(get, ALICE).replace(b"\r\n", b"\n")
    yield "a bare carriage return in a field", request(get, "X-User-ID: alice\rX-Evil: 1")
    yield "a NUL in a field", request(get, b"X-User-ID: ali\0ce")
    yield "a NUL in a field name", request(get, ALICE, b"X\0Y: 1")
    yield "a NUL in the target", request(b"GET " + LIST.encode() + b"\0/x HTTP/1.1", ALICE)
    yield "a user that is not UTF-8", request(get, b"X-User-ID: \xff")
    yield "a field without a colon", request(get, ALICE, "X-Nothing")
    yield "a field without a name", request(get, ALICE, ": x")
    yield "two X-User-ID", request(get, ALICE, "X-User-ID: bob")
    yield "no Host", request(get, ALICE, host=None)
    yield "two Host", request(get, ALICE, "Host: y")
    yield "no version", f"GET {LIST}\r\n\r\n".encode()
    for version in ("HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTTP/1.10", "http/1.1", "HTTP/1.1 x", "ICY"):
        yield f"version {version}", request(f"GET {LIST} {version}", ALICE)
    yield "the HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield "a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64 + b"\r\n\r\n"
    yield "nothing but line ends", b"\r\n" * 1000 + request("GET /healthz HTTP/1.1")
    yield "a method of 1,000 letters", request("G" * 1000 + f" {LIST} HTTP/1.1", ALICE)
    yield "CONNECT", request("CONNECT evil.example:443 HTTP/1.1", ALICE)
    yield "an absolute target", request(f"GET http://evil.example{LIST} HTTP/1.1", ALICE)
    yield "a target of 100 KB", request(f"GET {LIST}?x={'a' * 100_000} HTTP/1.1", ALICE)
    yield "a field of 100 KB", request(get, ALICE, "X-Big: " + "a" * 100_000)
    yield "10,000 fields", request(get, ALICE, *(f"X-{n}: 1" for n in range(10_000)))
    yield "a body announced as 1 TB", request(POST, ALICE, TEXT, "Content-Length: 1099511627776", body=b"Hi")
    yield "a body of 1 MB in chunks", request(
        POST, ALICE, TEXT, "Transfer-Encoding: chunked", body=b"4000\r\n" + b"a" * 0x4000 + b"\r\n" + (b"4000\r\n" + b"a" * 0x4000 + b"\r\n") * 63 + b"0\r\n\r\n"
    )
    yield "JSON that opens 513 arrays and ends", request(
        POST, ALICE, "Content-Type: application/json", "Content-Length: 513", body=b"[" * 513
    ) + NEXT
    yield "JSON that opens 160,000 arrays", request(
        POST, ALICE, "Content-Type: application/json", "Content-Length: 160000", body=b"[" * 160_000
    )
    yield "Expect: something else", request(POST, ALICE, TEXT, "Expect: a-miracle", "Content-Length: 2", body=b"Hi")
    yield "Connection names X-User-ID", request(get, ALICE, "Connection: close, X-User-ID")
    for path in (
        "c-1%00x", "%00", "c-1%0d%0aX-Evil:%201", "..%2F..%2Fetc%2Fpasswd", "%C0%AE%C0%AE", "%C0%AF", "%ED%A0%80", "%F4%90%80%80", "%",
        "%2", "%zz", ".", "..", "%2e%2e", "a%2Fb", "x" * 256, "%25%30%30",
    ):
        yield f"the id {path[:30]}", request(f"GET {LIST}/{path}/messages HTTP/1.1", ALICE)


def attack(port):
    """Prints what each attack gets, and ends with 1 where the server is not well afterwards."""
    for name, data in attacks():
        received = exchange(port, data)
        if b"\nX-Evil" in received:
            print(f"INJECTED\t{name}")
        print(f"{statuses(received)}\t{name}")
    if statuses(exchange(port, NEXT)) != "200":
        sys.exit("the server does not answer any more")


def heads():
    """Names and bytes of requests that another server could read differently, each followed by one that is smuggled where it is."""
    get, host, field = b"GET /healthz HTTP/1.1\r\n", b"Host: localhost\r\n", b"X-User-ID: alice\r\n"
    for wrong in (b" D", b"\tD", b" ", b":", b": x", b":x: y", b" :", b"X : x", b"X\t: x", b"X", b"X\0: x", b"X: a\0b", b"X: a\rb"):
        for name, head in (
            ("first", get + wrong + b"\r\n" + host + field + b"\r\n"),
            ("in the middle", get + host + b"X-User-I: v\r\n" + wrong + b"\r\n" + field + b"\r\n"),
            ("last", get + host + b"X-User-I: v\r\n" + wrong + b"\r\n\r\n"),
        ):
            yield f"{wrong!r} {name}", head + NEXT
            yield f"{wrong!r} {name}, with line feeds", head.replace(b"\r\n", b"\n") + NEXT
    for end in (b":\n", b":\r\n"):
        yield f"an end of {end!r}", get + host + end + NEXT
        yield f"an end of {end!r} behind a line feed", get + host + b"A: b\n" + end + NEXT
    for target in (b"/a b", b"/a\tb", b"/ HTTP/1.1", b"/a  b", b" /a", b"/a b c", b"/a\x0bb"):
        yield f"the target {target!r}", request(b"GET " + target + b" HTTP/1.1") + NEXT
    for value in ("2\x0b", "\x012", "2\r2", "2\x00", "\x7f2"):
        yield f"Content-Length: {value!r}", request(POST, ALICE, TEXT, f"Content-Length: {value}", body=b"Hi") + NEXT
        yield f"Content-Length behind {value!r}", request(
            POST, ALICE, TEXT, f"X: {value}", "X\x01: x", "Content-Length: -1", body=b"Hi") + NEXT
    yield "chunked in a folded line", request(POST, ALICE, TEXT, "Transfer-Encoding:", " chunked", body=b"0\r\n\r\n") + NEXT
    for host in (None, b"Host:", b"Host: a b", b"Host: a,b", b"Host: a\r\nHost: a", b"Host: u@a", b"Host: a:b", b"Host: a/"):
        yield f"{host!r}", request("GET /healthz HTTP/1.1", host=host) + NEXT
    for trailer in (b":", b" x", b"A : b", b"A: b\r\n c", b"A: b\r\n:"):
        yield f"{trailer!r} behind chunks", request(
            POST, ALICE, TEXT, "Transfer-Encoding: chunked", body=b"2\r\nHi\r\n0\r\n" + trailer + b"\r\n\r\n"
        ) + NEXT
    for body in (b"2\nHi\r\n0\r\n\r\n", b"2\r\nHi\n0\r\n\r\n", b"2 \r\nHi\r\n0\r\n\r\n"):
        yield f"chunks {body!r}", request(POST, ALICE, TEXT, "Transfer-Encoding: chunked", body=body) + NEXT


def lines(port):
    """Prints what was not refused of the heads: whole, byte by byte, and behind two requests that are as they should be."""
    for name, data in heads():
        for how, sent, step, before in (("", data, 0, 0), (", in pieces", data, 1, 0), (", as the third", NEXT + NEXT + data, 0, 2)):
            received = exchange(port, sent, step=step)
            found = statuses(received)
            if found.split(", ")[before:] != ["400 malformed-request"]:
                print(f"{found}\t{name}{how}")


def sizes(port, kind, low, high, step):
    """Sends messages with heads of these sizes, or with a field as long behind the body, and prints what is answered but not stored, stored
    but not answered, or neither."""
    conversation = f"sizes-{kind}"
    path = f"{LIST}/{conversation}/messages"
    line = f"POST {path} HTTP/1.1"
    opening = json.dumps({"content": "0", "receiverId": "bob"}).encode()
    exchange(port, request(
        line, ALICE, "Content-Type: application/json", f"Content-Length: {len(opening)}", "Connection: close", body=opening
    ))
    answers = {}
    for size in range(int(low), int(high), int(step)):
        fill = {"cookie": "Cookie: " + ("a=b; " * size)[:size], "field": "X: " + "x" * size, "origin": "Origin: http://" + "o" * size}
        fields = [ALICE, TEXT, "Authorization: " + "t" * 1024, fill.get(kind, "X: x"), "Connection: close"]
        text, body = str(size), str(size).encode()
        if kind == "trailer":
            fields.append("Transfer-Encoding: chunked")
            body = f"{len(text):x}\r\n{text}\r\n0\r\nX: {'x' * size}\r\n\r\n".encode()
        else:
            fields.append(f"Content-Length: {len(text)}")
        first = {"query": f"POST {path}?{'q' * size} HTTP/1.1", "parameters": f"POST {path}?a&b={'q' * size} HTTP/1.1"}.get(kind, line)
        found = statuses(exchange(port, request(first, *fields, body=body)))
        answers[str(size)] = found.partition(" ")[0]
    stored, before = set(), ""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
        connection.request("GET", f"{LIST}/{conversation}/messages?limit=500{before}", headers={"X-User-ID": "alice"})
        page = json.load(connection.getresponse())
        stored.update(message["content"] for message in page)
        if len(page) < 500:
            break
        before = f"&before={page[0]['id']}"
    for size, status in answers.items():
        if status not in ("201", "431") or (status == "201") != (size in stored):
            print(f"{size}: {status}, {'stored' if size in stored else 'not stored'}")
    done = [int(size) for size, status in answers.items() if status == "201"]
    print(f"{max(done, default=0)} passed")


def leave(port, count):
    """Has clients send, end their half, read to the end and go; prints how many were not closed by the server at once."""
    slow = 0
    for number in range(int(count)):
        post = request(POST, ALICE, TEXT, "Content-Length: 2", body=b"Hi")
        with socket.create_connection(("127.0.0.1", int(port)), timeout=5) as connection:
            connection.sendall(post if number % 2 else request(f"GET {LIST} HTTP/1.1", ALICE))
            connection.shutdown(socket.SHUT_WR)
            received = b""
            try:
                while part := connection.recv(65536):
                    received += part
            except OSError:
                slow += 1
            if not received.startswith(b"HTTP/1.1 20"):
                sys.exit(f"no answer: {received!r}")
    print(slow)


def bodies(port, count, pid):
    """Holds clients that send most of a large body without a credential; prints how many were refused, and the memory that took."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    before, held, refused = memory_of(pid), [], 0
    head = request(POST, TEXT, "Content-Length: 120000")
    for _ in range(int(count)):
        connection = socket.create_connection(("127.0.0.1", int(port)), timeout=10)
        connection.settimeout(10)
        try:
            connection.sendall(head + b"a" * 100_000)
        except OSError:
            pass
        held.append(connection)
    for connection in held:
        try:
            refused += connection.recv(65536).startswith(b"HTTP/1.1 401")
        except OSError:
            pass
    print(json.dumps({"refused": refused, "kb": memory_of(pid) - before}))


def memory_of(pid):
    """The resident memory of a process, in kB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def endless(port, kind, seconds):
    """Sends a head or a body without end, and prints what comes back and how long that took."""
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", int(port)), timeout=1) as connection:
        if kind == "header":
            connection.sendall(f"GET {LIST} HTTP/1.1\r\nHost: localhost\r\nX-User-ID: ".encode())
        else:
            connection.sendall(request(POST, ALICE, TEXT, "Transfer-Encoding: chunked"))
        received, sent = b"", 0
        part = b"a" * 4096 if kind == "header" else b"1000\r\n" + b"a" * 4096 + b"\r\n"
        try:
            while time.monotonic() < start + float(seconds):
                sent += connection.send(part)
        except OSError:
            pass
        try:
            while data := connection.recv(65536):
                received += data
        except OSError:
            pass
    print(f"{statuses(received)}\t{sent}")


def crowd(port, count, pid, seconds=10):
    """Holds many connections, half idle and half dripping a request, while another user polls; prints what that cost."""
    count, seconds = int(count), float(seconds)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    poller = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)

    def poll():
        start = time.monotonic()
        poller.request("GET", LIST, headers={"X-User-ID": "poller", "If-None-Match": poll.tag})
        answer = poller.getresponse()
        answer.read()
        poll.tag = answer.headers["ETag"]
        assert answer.status in (200, 304), answer.status
        return time.monotonic() - start

    poll.tag = ""
    poll()
    before = memory_of(pid)
    idle, slow = [], []
    for number in range(count):
        connection = socket.create_connection(("127.0.0.1", int(port)), timeout=10)
        if number % 2:
            connection.sendall(f"GET {LIST} HTTP/1.1\r\nX-User-ID: slow\r\nX-Drip: ".encode())
            connection.setblocking(False)
            slow.append(connection)
        else:
            # One answered request, so that the connection is one of a client between two polls.
            connection.sendall(request(f"GET {LIST} HTTP/1.1", f"X-User-ID: u{number % 100}"))
            idle.append(connection)
    for connection in idle:
        if not connection.recv(65536).startswith(b"HTTP/1.1 200"):
            sys.exit("an idle client was not served first")
    after = memory_of(pid)
    waits, start, turn = [], time.monotonic(), 0
    dripping = len(slow)
    while time.monotonic() < start + seconds:
        waits.append(poll())
        # A few drips between two polls, round and round.
        for connection in slow[turn : turn + 50]:
            try:
                connection.send(b"a")
            except OSError:
                dripping -= 1
        turn = (turn + 50) % len(slow)
    waits.sort()
    print(json.dumps({
        "connections": count, "polls": len(waits), "worst": round(waits[-1], 3), "p99": round(waits[len(waits) * 99 // 100], 4),
        "before_kb": before, "after_kb": after, "kb_each": round((after - before) / count, 2),
    }))


def main(command, *arguments):
    if command == "raw":
        print(statuses(exchange(arguments[0], sys.stdin.buffer.read())))
    else:
        {
            "attack": attack, "lines": lines, "sizes": sizes, "leave": leave, "bodies": bodies, "endless": endless, "crowd": crowd,
        }[command](*arguments)


main(*sys.argv[1:])
