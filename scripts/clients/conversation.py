"""A whole conversation through the Python client that openapi-python-client generates.

The environment names the server (ORIGIN), one that is strict (STRICT), and the tokens of two people and a stranger (ANN, BEA, EVE).
"""

import concurrent.futures
import datetime
import os

from postbox_client import AuthenticatedClient, Client
from postbox_client.api.compatibility import mark_as_read_by_patch, mark_as_read_by_post, send as send_anywhere
from postbox_client.api.description import get_description_as_json
from postbox_client.api.messages import get_conversation, list_conversations, list_messages, mark_as_read, send_message
from postbox_client.api.operations import get_web_socket
from postbox_client.models import AddressedMessage, Conversation, Message, NewMessage, Problem, ProblemType, ReadPosition, ReadReceipt
from postbox_client.types import UNSET


def client(name, server="ORIGIN"):
    return AuthenticatedClient(base_url=os.environ[server], token=os.environ[name], raise_on_unexpected_status=True)


ann, bea, eve = client("ANN"), client("BEA"), client("EVE")


def equal(found, expected):
    assert found == expected, f"expected {expected!r}, found {found!r}"


def contents(messages):
    return [message.content for message in messages]


def send(who, conversation, content, key=UNSET, **members):
    return send_message.sync_detailed(
        conversation, client=who, body=NewMessage(content, **members), idempotency_key=key)


def refused(kind, answer):
    """An error is a value of its own type, with a type from a closed list."""
    assert isinstance(answer.parsed, Problem), answer
    equal(answer.parsed.type_, kind)
    equal(answer.parsed.status, answer.status_code)
    assert answer.parsed.title and answer.parsed.detail
    return answer


def open_and_send():
    equal([c.id for c in list_conversations.sync(client=ann)], ["long"])
    first = send(ann, "application-1", "Hello, Bea!", receiver_id="bea")
    equal(first.status_code, 201)
    message = first.parsed
    assert isinstance(message, Message) and isinstance(message.timestamp, datetime.datetime)
    equal([message.id, message.sender_id, message.receiver_id], ["application-1:1", "ann", "bea"])
    equal([message.sent, message.read, message.client_message_id], [True, False, UNSET])

    once = send(bea, "application-1", "Hello, Ann!", key="once")
    again = send(bea, "application-1", "Hello, Ann!", key="once")
    equal([once.parsed.id, again.parsed], ["application-1:2", once.parsed])
    equal([answer.headers.get("Idempotency-Replayed") for answer in (once, again)], [None, "true"])

    [conversation, _] = list_conversations.sync(client=ann, messages=1)
    assert isinstance(conversation, Conversation)
    equal([conversation.id, conversation.name, conversation.unread], ["application-1", "Bea Best", 1])
    equal(contents(conversation.messages), ["Hello, Ann!"])
    equal([p.id for p in conversation.participants], ["ann", "bea"])


def poll_by_entity_tag():
    for ask in (list_conversations.sync_detailed, lambda **more: list_messages.sync_detailed("application-1", **more)):
        known = ask(client=ann)
        unchanged = ask(client=ann, if_none_match=known.headers["ETag"])
        equal([unchanged.status_code, unchanged.parsed], [304, None])
        equal(unchanged.headers["X-Cursor"], known.headers["X-Cursor"])
        equal(int(unchanged.headers["X-Poll-Interval"]), 10)
        send(bea, "application-1", "Still there?")
        changed = ask(client=ann, if_none_match=known.headers["ETag"])
        equal(changed.status_code, 200)
        assert changed.headers["ETag"] != known.headers["ETag"]


def poll_by_cursor_and_read():
    known = list_messages.sync_detailed("application-1", client=ann)
    cursor = known.headers["X-Cursor"]
    equal(list_messages.sync("application-1", client=ann, since=cursor), [])
    send(bea, "application-1", "Ann?")
    delta = list_messages.sync_detailed("application-1", client=ann, since=cursor)
    equal(contents(delta.parsed), ["Ann?"])
    equal(delta.parsed[0].read, False)
    cursor = delta.headers["X-Cursor"]

    receipt = mark_as_read.sync("application-1", client=ann, body=ReadPosition(up_to="application-1:3"))
    assert isinstance(receipt, ReadReceipt)
    equal([receipt.read_up_to, receipt.unread], ["application-1:3", 2])
    equal(mark_as_read.sync("application-1", client=ann).unread, 0)
    flipped = list_messages.sync("application-1", client=ann, since=cursor)
    equal({message.id: message.read for message in flipped}, {f"application-1:{n}": True for n in range(2, 6)})


def poll_and_wait():
    known = list_messages.sync_detailed("application-1", client=ann, prefer="wait=20")
    equal([known.headers[name] for name in ("Preference-Applied", "X-Poll-Interval")], ["wait=20", "0"])
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(
            list_messages.sync_detailed, "application-1", client=ann, since=known.headers["X-Cursor"], prefer="wait=20")
        send(bea, "application-1", "Waiting?")
        equal(contents(waiting.result().parsed), ["Waiting?"])
    unchanged = list_conversations.sync_detailed(
        client=ann, prefer="wait=1", if_none_match=list_conversations.sync_detailed(client=ann).headers["ETag"])
    equal([unchanged.status_code, unchanged.headers["Preference-Applied"]], [304, "wait=1"])


def other_words():
    known = get_conversation.sync_detailed("application-1", client=bea, messages=1)
    assert isinstance(known.parsed, Conversation)
    equal([known.parsed.name, [p.id for p in known.parsed.participants]], ["Ann Archer", ["ann", "bea"]])
    unchanged = get_conversation.sync_detailed(
        "application-1", client=bea, messages=1, if_none_match=known.headers["ETag"])
    equal([unchanged.status_code, unchanged.parsed], [304, None])
    for addressed in ({"conversation_id": "application-1"}, {"recipient_id": "application-1"}):
        sent = send_anywhere.sync(client=ann, body=AddressedMessage("In other words", **addressed))
        equal([sent.conversation_id, sent.receiver_id], ["application-1", "bea"])
    last = ReadPosition(up_to=sent.id)
    equal(mark_as_read_by_post.sync("application-1", client=bea, body=last).read_up_to, sent.id)
    equal(mark_as_read_by_patch.sync("application-1", client=bea, body=last).unread, 0)


def page_through(conversation, count):
    expected = [f"message {n}" for n in range(1, count + 1)]
    pages = [list_messages.sync(conversation, client=ann, limit=150)]
    while pages[0][0].id != f"{conversation}:1":
        pages.insert(0, list_messages.sync(conversation, client=ann, limit=150, before=pages[0][0].id))
    equal([content for page in pages for content in contents(page)], expected)

    seen, cursor = [], "0"
    while page := list_messages.sync_detailed(conversation, client=ann, since=cursor, limit=150):
        if not page.parsed:
            break
        seen += contents(page.parsed)
        cursor = page.headers["X-Cursor"]
    equal(seen, expected)


def errors():
    stranger, nobody = eve, Client(base_url=os.environ["ORIGIN"])
    refused(ProblemType.MALFORMED_REQUEST, list_conversations.sync_detailed(client=ann, limit=0))
    refused(ProblemType.MALFORMED_CURSOR, list_conversations.sync_detailed(client=ann, since="?"))
    answer = refused(ProblemType.UNAUTHENTICATED, list_conversations.sync_detailed(client=nobody))
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    refused(ProblemType.SENDER_MISMATCH, send(ann, "application-1", "I am Bea.", sender_id="bea"))
    refused(ProblemType.CONVERSATION_NOT_FOUND, list_messages.sync_detailed("application-1", client=stranger))
    refused(ProblemType.CONVERSATION_NOT_FOUND, send(ann, "nowhere", "Hello?"))
    refused(ProblemType.CURSOR_EXPIRED, list_messages.sync_detailed("long", client=ann, since="zz.1.1.1"))
    refused(ProblemType.CONTENT_TOO_LARGE, send(ann, "long", "x" * 20_000))
    refused(ProblemType.INVALID_MESSAGE, send(ann, "long", " "))
    refused(ProblemType.IDEMPOTENCY_CONFLICT, send(bea, "application-1", "Something else", key="once"))
    refused(ProblemType.INVALID_READ_POSITION, mark_as_read.sync_detailed(
        "long", client=ann, body=ReadPosition(up_to="application-1:1")))
    answer = refused(ProblemType.POLLING_ONLY, get_web_socket.sync_detailed(client=nobody))
    equal(len(answer.parsed.endpoints), 4)

    strict = client("ANN", "STRICT")
    refused(ProblemType.OPENING_FORBIDDEN, send(strict, "application-1", "Hello!", receiver_id="bea"))
    equal(list_conversations.sync(client=strict), [])
    limited = refused(ProblemType.RATE_LIMITED, list_conversations.sync_detailed(client=strict))
    assert int(limited.headers["Retry-After"]) >= 1


def examples():
    """Every problem that is described can be read, those too that this conversation cannot bring about."""
    described = get_description_as_json.sync(client=Client(base_url=os.environ["ORIGIN"])).to_dict()
    shown = set()
    for response in described["components"]["responses"].values():
        problem = response.get("content", {}).get("application/problem+json", {})
        shown |= {Problem.from_dict(example["value"]).type_ for example in problem.get("examples", {}).values()}
    equal(shown, set(ProblemType))


open_and_send()
poll_by_entity_tag()
poll_by_cursor_and_read()
poll_and_wait()
other_words()
page_through("long", 1000)
errors()
examples()
