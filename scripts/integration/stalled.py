"""Clients that send a request body but for its last byte: stalled.py PORT USER COUNT BYTES.

It says "stalled" once they have, and ends when it is told to or when the server ends the first connection."""

import signal
import socket
import sys

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
port, user, count, size = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
head = f"POST /api/messages/conversations/conv-1/messages HTTP/1.1\r\nHost: localhost\r\nX-User-ID: {user}\r\n"
head += f"Content-Type: text/plain\r\nContent-Length: {size}\r\n\r\n"
connections = []
for _ in range(count):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(head.encode() + b"x" * (size - 1))
    connections.append(connection)
print("stalled", flush=True)
connections[0].recv(1)
