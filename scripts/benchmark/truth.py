"""What answers must be, told from the database alone."""

import datetime
import json

import data
import database
from exchange import Wrong


class Truth:
    """Reads while the server runs; each answer is as of now."""

    def __init__(self, address):
        self.store = database.connect(address)
        self.people = {
            user: {"id": user, "name": name, "company": company}
            for user, name, company in self.store.execute("SELECT id, name, company FROM users WHERE tenant_id = ''")
        }

    def page(self, number, viewer, first, last):
        """The messages with these numbers in a conversation of `data`, as a viewer sees them."""
        key, _ = self.find(number)
        return self.messages(key, data.conversation(number), self.markers(key), viewer, first, last)

    def people_of(self, number):
        key, _ = self.find(number)
        return sorted(self.markers(key))

    def find(self, number):
        """The key and the last number of a conversation of `data`."""
        return self.store.execute(
            "SELECT key, last_n FROM conversations WHERE tenant_id = '' AND id = ?", (data.conversation(number),)
        ).fetchone()

    def newest(self, number, viewer, count):
        _, last = self.find(number)
        return self.page(number, viewer, max(1, last - count + 1), last)

    def conversations(self, viewer, limit, embedded):
        """The first entries of a viewer's list."""
        rows = self.store.execute(
            "SELECT c.key, c.id, c.last_n FROM participants p JOIN conversations c ON c.key = p.conversation_key "
            "WHERE p.tenant_id = '' AND p.user_id = ? ORDER BY c.activity DESC LIMIT ?", (viewer, limit)
        ).fetchall()
        return [self.entry(viewer, embedded, *row) for row in rows]

    def entry(self, viewer, embedded, key, conversation, last):
        markers = self.markers(key)
        (other,) = (user for user in markers if user != viewer)
        newest = self.messages(key, conversation, markers, viewer, max(1, last - max(embedded, 1) + 1), last)
        (unread,) = self.store.execute(
            "SELECT count(*) FROM messages WHERE conversation_key = ? AND n > ? AND +sender_id <> ?", (key, markers[viewer], viewer)
        ).fetchone()
        words = self.people[other]["name"].split()
        return {
            "id": conversation, "name": self.people[other]["name"], "company": self.people[other]["company"],
            "initials": f"{words[0][0]}{words[-1][0]}", "lastMessage": newest[-1]["content"],
            "lastMessageTime": newest[-1]["timestamp"], "unread": unread,
            "participants": [self.people[user] for user in sorted(markers)], "participantCount": len(markers),
            "messages": newest if embedded else [],
        }

    def markers(self, key):
        """How far each participant has read."""
        return dict(self.store.execute("SELECT user_id, read_up_to FROM participants WHERE conversation_key = ?", (key,)))

    def messages(self, key, conversation, markers, viewer, first, last):
        rows = self.store.execute(
            "SELECT n, sender_id, content, sent_at_ms FROM messages WHERE conversation_key = ? AND n BETWEEN ? AND ? ORDER BY n",
            (key, first, last),
        ).fetchall()
        if len(rows) != last - first + 1:
            raise Wrong(f"{conversation} has gaps between {first} and {last}")
        return [message(conversation, markers, viewer, *row) for row in rows]


def message(conversation, markers, viewer, n, sender, content, milliseconds):
    (other,) = (user for user in markers if user != sender)
    moment = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)
    return {
        "id": f"{conversation}:{n}", "conversationId": conversation, "senderId": sender, "receiverId": other,
        "content": content, "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z",
        # In a pair, either way round it is the receiver's marker that counts.
        "read": markers[other] >= n, "sent": sender == viewer,
    }


def compare(name, body, expected):
    """Raises `Wrong` where a body says something else."""
    found = json.loads(body)
    if found == expected:
        return
    if len(found) != len(expected):
        raise Wrong(f"{name}: {len(found)} entries instead of {len(expected)}")
    place = next(place for place, pair in enumerate(zip(found, expected)) if pair[0] != pair[1])
    raise Wrong(f"{name}: entry {place} is {json.dumps(found[place])[:700]} instead of {json.dumps(expected[place])[:700]}")
