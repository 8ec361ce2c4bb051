"""A client that asks and never reads: unread.py PORT USER PATH COUNT. It says "unread" once it has asked, and waits to be ended."""

import signal
import socket
import sys

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
port, user, path, count = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
connections = []
for _ in range(count):
    connection = socket.socket()
    # The server's system buffers 20 segments, which are 64 KiB each on loopback: several answers. Small ones leave them to the server.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-User-ID: {user}\r\n\r\n".encode() * 3)
    connections.append(connection)
print("unread", flush=True)
signal.pause()
