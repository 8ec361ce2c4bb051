"""Sends messages from some clients at once until the server goes away, and prints a line for each that was acknowledged.

python3 acknowledged.py PORT CLIENTS prints the time at which the answer was there, in milliseconds since 1970, the message's id and its content.
"""

import http.client
import json
import sys
import threading
import time

printing = threading.Lock()


def send(port, client):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    path = f"/api/messages/conversations/load-{client}/messages"
    for number in range(1_000_000):
        content = f"{client} says {number}"
        body = json.dumps({"content": content, "receiverId": "reader", "clientMessageId": f"{client}-{number}"})
        try:
            connection.request("POST", path, body, {"X-User-ID": f"user-{client}", "Content-Type": "application/json"})
            response = connection.getresponse()
            message = json.loads(response.read())
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return
        if response.status == 201:
            with printing:
                print(int(time.time() * 1000), message["id"], content, flush=True)


port, clients = map(int, sys.argv[1:])
threads = [threading.Thread(target=send, args=(port, client)) for client in range(clients)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
