"""Asks a server again and again, a new connection each time, from eight threads, until standard input ends; prints how often that
went well, and fails where it once did not.
"""

import socket
import sys
import threading

port = int(sys.argv[1])
done = threading.Event()
good, failures = [0] * 8, []


def ask():
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := connection.recv(4096):
            answer += part
    return answer


def work(index):
    while not done.is_set():
        try:
            answer = ask()
            if answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"ok\n"):
                good[index] += 1
            else:
                failures.append(f"answered {answer[:60]!r}")
        except OSError as error:
            failures.append(str(error))


threads = [threading.Thread(target=work, args=(index,)) for index in range(len(good))]
for thread in threads:
    thread.start()
sys.stdin.read()
done.set()
for thread in threads:
    thread.join()
print(sum(good))
if failures:
    sys.exit(f"{len(failures)} failed, such as: {failures[0]}")
