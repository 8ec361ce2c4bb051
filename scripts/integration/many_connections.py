"""Asks a server again and again, a new connection each time, from eight threads, until standard input ends; prints a line each
time that goes well, and fails where it once did not.
"""

import socket
import sys
import threading
import time

port = int(sys.argv[1])
done = threading.Event()
failures = []


def ask(delay):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        # As far away as most clients are: the request comes a while after the connection.
        time.sleep(delay)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := connection.recv(4096):
            answer += part
    return answer


def work(index):
    while not done.is_set():
        try:
            answer = ask(0.05 if index % 2 else 0)
            if answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"ok\n"):
                sys.stdout.write("answered\n")
                sys.stdout.flush()
            else:
                failures.append(f"answered {answer[:60]!r}")
        except OSError as error:
            failures.append(str(error))


threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
for thread in threads:
    thread.start()
sys.stdin.read()
done.set()
for thread in threads:
    thread.join()
if failures:
    sys.exit(f"{len(failures)} failed, such as: {failures[0]}")
