"""What the erasure of one user among many means to the clients of the others.

erasure.py history USERS: prints a history in which each user talks to the next one, and every hundredth is in a group with the first.
erasure.py poll ORIGIN USERS COMMAND…: everybody polls their list and their conversations, the command runs, and everybody polls again, with
what they have got. Prints a line of JSON: how many polls were answered how, for the conversations of the first user and for all others.
"""

import collections
import http.client
import json
import subprocess
import sys
import urllib.parse

BASE = "/api/messages/conversations"


def conversations(users):
    for number in range(users):
        yield f"pair-{number}", [f"user-{number}", f"user-{(number + 1) % users}"]
        if number and number % 100 == 0:
            yield f"group-{number}", ["user-0", f"user-{number}", f"user-{number + 1}"]


def history(users):
    for talk, people in conversations(users):
        print(json.dumps({"kind": "conversation", "id": talk, "participantIds": people}))
        for number in range(6):
            sender = people[number % len(people)]
            message = {"conversationId": talk, "senderId": sender, "content": f"{number} of {sender}"}
            print(json.dumps({"kind": "message", "timestamp": f"2024-05-01T00:00:0{number}Z", **message}))


class Client:
    """Polls as a careful client does: with the entity tag, from where it was, and anew where its cursor has expired."""

    def __init__(self, connection, user, path, counts):
        self.connection, self.user, self.path, self.counts = connection, user, path, counts
        self.next, self.tag = path, None

    def poll(self):
        fields = {"X-User-ID": self.user}
        if self.tag:
            fields["If-None-Match"] = self.tag
        self.connection.request("GET", self.next, headers=fields)
        answer = self.connection.getresponse()
        body = answer.read()
        is_full = self.next == self.path
        kind = f"200 {'full' if is_full else 'changes'}" if answer.status == 200 else str(answer.status)
        self.counts[kind] += 1
        if answer.status == 200:
            self.tag = answer.headers["ETag"]
            self.next = f"{self.path}?since={urllib.parse.quote(answer.headers['X-Cursor'])}"
            if is_full:
                # Its tag is that of another question.
                self.tag = None
            return json.loads(body)
        if answer.status == 410:
            self.next, self.tag = self.path, None
            return self.poll()
        return []


def poll(origin, users, command):
    connection = http.client.HTTPConnection(origin.removeprefix("http://"))
    counts = {"concerned": collections.Counter(), "others": collections.Counter()}
    clients = []
    met = {"user-0"}
    for _, people in conversations(users):
        if "user-0" in people:
            met.update(people)
    for number in range(users):
        user = f"user-{number}"
        clients.append(Client(connection, user, BASE, counts["concerned" if user in met else "others"]))
    for talk, people in conversations(users):
        kind = "concerned" if "user-0" in people else "others"
        clients += [Client(connection, user, f"{BASE}/{talk}/messages", counts[kind]) for user in people]
    for client in clients:
        client.poll()
        client.poll()
    for kind in counts.values():
        kind.clear()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for client in clients:
        client.poll()
    print(json.dumps({kind: dict(sorted(found.items())) for kind, found in counts.items()}))


if sys.argv[1] == "history":
    history(int(sys.argv[2]))
else:
    poll(sys.argv[2], int(sys.argv[3]), sys.argv[4:])
