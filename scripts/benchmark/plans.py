"""The requests of each row, prepared for one running Postbox, each with the answer that must come."""

import random

import data
import truth
from asked import Asked
from exchange import BASE, Exchange, Wrong, ask_all, request

# Who does what: far enough from each other that a send of one group never changes what another group polls.
READERS = range(500)
FOLLOWERS = range(550, 680)
WRITERS = range(700, 900)
# A conversation whose two people have none with any of them.
CORRESPONDENTS = 950

NEWS = "And this is new."


def of_user(user, turn):
    """One of the ten conversations that `data.pairs` gives a user with the users that follow."""
    return user + 1000 * (turn % 10)


def messages_path(conversation, query=""):
    return f"{BASE}/{data.conversation(conversation)}/messages{query}"


class Plans:
    def __init__(self, postbox):
        self.port = postbox.port
        self.truth = truth.Truth(postbox.database)
        forged = request("GET", BASE, data.user(0)).replace("\r\n\r\n", "x\r\n\r\n")
        if ask_all(self.port, [forged])[0].status != 401:
            raise Wrong("a token with a broken signature is accepted")

    def polls(self, wanted):
        """`wanted`: path, user, and what the answer must say. Returns each poll as somebody makes it who has nothing yet, and as
        somebody who has that answer."""
        first = ask_all(self.port, [request("GET", path, user) for path, user, _ in wanted])
        for (path, user, expected), answer in zip(wanted, first):
            if answer.status != 200 or answer.tag is None:
                raise Wrong(f"{path} of {user} was answered {answer}")
            truth.compare(f"{path} of {user}", answer.body, expected)
        if len({answer.tag for answer in first}) < len(first):
            raise Wrong("two people, or two queries, got the same entity tag")
        conditional = [request("GET", path, user, answer.tag) for (path, user, _), answer in zip(wanted, first)]
        for answer, before in zip(ask_all(self.port, conditional), first):
            if (answer.status, answer.tag, answer.body) != (304, before.tag, b""):
                raise Wrong(f"instead of a 304 with {before.tag}: {answer}")
        fresh = [Asked(request("GET", path, user), 200, answer.tag, answer.body) for (path, user, _), answer in zip(wanted, first)]
        return fresh, [Asked(text, 304, answer.tag, b"") for text, answer in zip(conditional, first)]

    def fresh(self, wanted):
        return self.polls(wanted)[0]

    def idle(self, wanted):
        return self.polls(wanted)[1]

    def lists(self, people=READERS):
        return [(BASE, data.user(user), self.truth.conversations(data.user(user), 100, 20)) for user in people]

    def messages(self, people=READERS):
        return [self.newest_page(user, of_user(user, user), 100) for user in people]

    def newest_page(self, user, conversation, limit):
        path = messages_path(conversation, "" if limit == 100 else f"?limit={limit}")
        return path, data.user(user), self.truth.newest(conversation, data.user(user), limit)

    def newest(self):
        return [self.newest_page(user, of_user(user, user), 50) for user in READERS]

    def cold_lists(self):
        return [
            (f"{BASE}?limit=20&messages=20", data.user(user), self.truth.conversations(data.user(user), 20, 20)) for user in READERS
        ]

    def deltas(self, people=FOLLOWERS):
        """Polls with a cursor from before the latest message."""
        pairs = [(user, turn) for user in people for turn in range(4)]
        before = ask_all(
            self.port, [request("GET", messages_path(of_user(user, turn), "?limit=1"), data.user(user)) for user, turn in pairs])
        news = ask_all(self.port, [
            request("POST", messages_path(of_user(user, turn)), data.user(user + 1 + turn), body={"content": NEWS})
            for user, turn in pairs
        ])
        wanted = []
        for (user, turn), earlier, sent in zip(pairs, before, news):
            message = sent.json(201)
            if message["content"] != NEWS:
                raise Wrong(f"what was sent is answered as {message}")
            number = int(message["id"].rpartition(":")[2])
            path = messages_path(of_user(user, turn), f"?since={earlier.fields['x-cursor']}")
            wanted.append((path, data.user(user), self.truth.page(of_user(user, turn), data.user(user), number, number)))
        return wanted

    @staticmethod
    def sends(mark):
        """`mark` must be another one each time: what is sent is looked up by its content afterwards."""
        asked = []
        for user in WRITERS:
            for turn in range(10):
                conversation, sender = data.conversation(of_user(user, turn)), data.user(user)
                content = f"bench-{mark} {conversation} {sender} #COUNTER######## and what people write to each other"
                asked.append(Asked(request("POST", messages_path(of_user(user, turn)), sender, body={"content": content}), 201))
        random.Random(1).shuffle(asked)
        return asked

    @staticmethod
    def mix(idle, deltas, sends):
        choice = random.Random(2)
        asked = choice.choices(idle, k=9000) + choice.choices(deltas, k=900) + choice.choices(sends, k=100)
        choice.shuffle(asked)
        return asked


def constant(server, status, texts):
    """Requests of a yardstick, to all of which it gives the same answer."""
    with Exchange(server.port) as exchange:
        answer = exchange.ask(texts[0])
    if answer.status != status:
        raise Wrong(f"{texts[0]!r} was answered {answer}")
    return [Asked(text, status, answer.tag, answer.body) for text in texts]
