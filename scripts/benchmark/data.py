"""The databases to measure, made once through `postbox import` and kept: each is the same every time."""

import json
import os
import random
import subprocess
import sys
import time

# Part of every cached name: another shape must not be answered with an old file.
SHAPE = 2
START = 1_700_000_000


def user(number):
    return f"user-{number:06}"


def conversation(number):
    return f"conversation-{number:06}"


def pairs(users, conversations):
    """Who talks to whom: everybody with neighbours, so that users far apart have nothing in common."""
    return [(number % users, (number % users + 1 + number // users) % users) for number in range(conversations)]


def texts():
    words = "the offer looks good to me and we could talk about it on Thursday morning or whenever it suits you".split()
    choice = random.Random(SHAPE)
    return [" ".join(choice.choices(words, k=choice.randint(3, 30))) for _ in range(997)]


def lines(users, participants, lengths):
    """`participants`: who is in each conversation; `lengths`: how many messages each has, all by the first two."""
    for number in range(users):
        yield json.dumps({"kind": "user", "id": user(number), "name": f"User {number}", "company": f"Company {number % 37}"})
    for number, members in enumerate(participants):
        people = [user(member) for member in members]
        yield json.dumps({"kind": "conversation", "id": conversation(number), "participantIds": people})
    contents = texts()
    total = 0
    for turn in range(max(lengths)):
        for number, pair in enumerate(participants):
            if turn >= lengths[number]:
                continue
            total += 1
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + total))
            yield (
                f'{{"kind":"message","conversationId":"{conversation(number)}",'
                f'"senderId":"{user(pair[(turn * 7 + number) % 3 % 2])}",'
                f'"content":"{total} {contents[total % 997]}","timestamp":"{stamp}"}}'
            )


def database(cache, program, users, participants, lengths, minutes=5):
    """The path of that database; making it takes about 25 s for 1,000,000 messages."""
    name = f"{users}-{len(participants)}-{sum(lengths)}"
    return imported(cache, program, name, lines(users, participants, lengths), minutes)


def imported(cache, program, name, lines, minutes=5):
    """The path of the database that `postbox import` makes of these lines."""
    name = f"{SHAPE}-{name}"
    path = os.path.join(cache, f"{name}.sqlite")
    if os.path.exists(path):
        return path
    print(f"making {path}, once", file=sys.stderr)
    source, unfinished = os.path.join(cache, f"{name}.jsonl"), os.path.join(cache, f"{name}.unfinished.sqlite")
    for leftover in (unfinished, f"{unfinished}-wal", f"{unfinished}-shm"):
        if os.path.exists(leftover):
            os.remove(leftover)
    try:
        with open(source, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        command = [program, "import", source, "--database", unfinished]
        subprocess.run(command, check=True, timeout=60 * minutes, stderr=subprocess.DEVNULL)
    finally:
        os.remove(source)
    if os.path.exists(f"{unfinished}-wal"):
        raise SystemExit("the import left a log behind: the file alone would not be the whole database")
    os.rename(unfinished, path)
    return path


def ordinary(cache, program, messages=1_000_000):
    """1,000 users with about 20 conversations each."""
    participants = pairs(1000, 10_000)
    each = messages // len(participants)
    return database(cache, program, 1000, participants, [each] * len(participants), minutes=30)


def uneven(cache, program):
    """A conversation of 1,000,000 messages and one of 1,000, of different people."""
    return database(cache, program, 4, [(0, 1), (2, 3)], [1_000_000, 1000])


def lists(cache, program):
    """User 0 has 100 conversations and user 1 has 100,000; the last twenty are groups of 500 other people."""
    few = [(0, 2 + number) for number in range(100)]
    many = [(1, 2 + number % 1000) for number in range(100_000)]
    groups = [tuple(range(2000, 2500))] * 20
    participants = few + many + groups
    return database(cache, program, 2500, participants, [1] * len(participants))


def hostile(cache, program):
    """User 0 has 100 conversations of 100 messages of 16 KB each; users 200 and 201 have one, and user 300 is one of 500 in 60 groups,
    all the others of whom have ids of 255 bytes."""

    def message(number, sender, content):
        return json.dumps({
            "kind": "message", "conversationId": conversation(number), "senderId": sender, "content": content,
            "timestamp": "2024-12-01T10:30:00Z",
        })

    def all_lines():
        for number in range(100):
            other = user(1 + number)
            yield json.dumps({"kind": "conversation", "id": conversation(number), "participantIds": [user(0), other]})
            for turn in range(100):
                yield message(number, other, f"{number} {turn} ".ljust(16_000, "x"))
        yield json.dumps({"kind": "conversation", "id": conversation(100), "participantIds": [user(200), user(201)]})
        yield message(100, user(200), "Hello!")
        crowd = [f"member-{number:03}-".ljust(255, "x") for number in range(499)]
        for number in range(101, 161):
            yield json.dumps({"kind": "conversation", "id": conversation(number), "participantIds": [user(300), *crowd]})
            yield message(number, crowd[0], "Hello!")

    return imported(cache, program, "hostile", all_lines())


def crowd(cache, program):
    """100,000 users."""
    return database(cache, program, 100_000, pairs(100_000, 100_000), [2] * 100_000)
