"""Compares what Postbox answered under load with what is in its database."""

import sqlite3

import load
from load import Wrong


def check(database, kept):
    """Every acknowledged send must be there exactly once, and every message of a sampled answer must be what is stored."""
    store = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        keys = dict(store.execute("SELECT id, key FROM conversations WHERE tenant_id = ''"))
        sent, seen = set(), 0
        for name, path in kept:
            for answer in load.answers(path):
                for message in messages(answer):
                    compare(store, keys, name, message)
                    seen += 1
                if isinstance(answer, dict):
                    if answer["id"] in sent:
                        raise Wrong(f"{name}: {answer['id']} was acknowledged twice")
                    sent.add(answer["id"])
        gaps = store.execute(
            "SELECT count(*) FROM (SELECT conversation_key FROM messages GROUP BY conversation_key HAVING max(n) <> count(*))"
        ).fetchone()[0]
        if gaps:
            raise Wrong(f"{gaps} conversations have gaps in their numbers")
    finally:
        store.close()
    return f"Audited: {len(sent):,} acknowledged sends, each found once; {seen:,} messages of answers compared with the database."


def messages(answer):
    """The messages of an answer: one that was sent, a page, or a list with embedded ones."""
    if isinstance(answer, dict):
        return [answer]
    return [message for entry in answer for message in (entry["messages"] if "messages" in entry else [entry])]


def compare(store, keys, name, message):
    conversation, _, number = message["id"].rpartition(":")
    rows = store.execute(
        "SELECT sender_id, content FROM messages WHERE conversation_key = ? AND n = ?", (keys.get(conversation), int(number))
    ).fetchall()
    if rows != [(message["senderId"], message["content"])]:
        raise Wrong(f"{name}: {message['id']} was answered as {message['content']!r}, and is stored as {rows}")
    if message["content"].startswith(f"{name}-"):
        copies = store.execute(
            "SELECT count(*) FROM messages WHERE conversation_key = ? AND content = ?", (keys[conversation], message["content"])
        ).fetchone()[0]
        if copies != 1:
            raise Wrong(f"{name}: {message['content']!r} is stored {copies} times")
