"""Keeps what was answered under load, and compares it with what was expected and with the database."""

import json

import database
from exchange import Wrong


class Audit:
    """Of one running Postbox."""

    def __init__(self, address):
        # Of the database: a file, or a PostgreSQL; None where nothing is looked up.
        self.database = address
        # Messages of the `201`s.
        self.acknowledged = []
        # Sends that may be stored although nobody was told, since the load ended just then.
        self.unanswered = 0
        # Answers under load; whatever could be known of them beforehand is compared: status, entity tag, body.
        self.answers = 0
        # Requests made beside the load, one at a time, so that it is certain which answer is to which.
        self.witnessed = 0

    def acknowledge(self, name, body):
        """`plans.sends` writes into each message where it goes and who sends it: its answer must say the same."""
        message = json.loads(body)
        _, conversation, sender, *_ = message["content"].split()
        if (conversation, sender) != (message["conversationId"], message["senderId"]) or not message["sent"]:
            raise Wrong(f"{name}: a send of another was acknowledged: {message}")
        self.acknowledged.append((message["id"], sender, message["content"]))

    def check(self):
        """Looks up every acknowledged send: it must be there exactly once, under its number, and no number may be missing."""
        store = database.connect(self.database)
        try:
            keys = dict(store.execute("SELECT id, key FROM conversations WHERE tenant_id = ''"))
            contents = set()
            for name, sender, content in self.acknowledged:
                conversation, _, number = name.rpartition(":")
                rows = store.execute(
                    "SELECT sender_id, content FROM messages WHERE conversation_key = ? AND n = ?", (keys.get(conversation), int(number))
                ).fetchall()
                if rows != [(sender, content)]:
                    raise Wrong(f"{name} was acknowledged as {content!r} of {sender}, and is stored as {rows}")
                contents.add(content)
            if len(contents) != len(self.acknowledged):
                raise Wrong(f"{len(self.acknowledged)} sends were acknowledged, but only {len(contents)} different ones")
            stored = [content for (content,) in store.execute("SELECT content FROM messages WHERE content GLOB 'bench-*'")]
            if len(set(stored)) != len(stored):
                raise Wrong("a send is stored twice")
            if not 0 <= len(stored) - len(contents) <= self.unanswered:
                raise Wrong(f"{len(stored)} sends are stored, {len(contents)} were acknowledged, at most {self.unanswered} unanswered")
            gaps = store.execute("SELECT count(*) FROM conversations c WHERE last_n <> "
                                 "(SELECT count(*) FROM messages WHERE conversation_key = c.key)").fetchone()[0]
            if gaps:
                raise Wrong(f"{gaps} conversations have gaps in their numbers")
        finally:
            store.close()

    def __add__(self, other):
        total = Audit(None)
        for name in ("acknowledged", "unanswered", "answers", "witnessed"):
            setattr(total, name, getattr(self, name) + getattr(other, name))
        return total

    def text(self):
        return (
            f"Audited: {self.answers:,} answers under load, each with the status, entity tag and body of one of its requests; "
            f"{self.witnessed:,} asked beside it, one by one; {len(self.acknowledged):,} acknowledged sends, each found once."
        )
