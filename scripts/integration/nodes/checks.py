"""What must hold when all is over."""

import json
import subprocess

from clients import CONVERSATIONS, PAGE, PEOPLE, TALKS, Client, Wrong, number, path_of


def fresh(audit, node, talk, user="alice"):
    """Every message of a conversation, as a client gets it from one node that follows the cursors from the beginning."""
    client, cursor, found = Client(audit, user), "0", []
    while True:
        answer = client.ask_once(node, "GET", path_of(talk, f"/messages?limit={PAGE}&since={cursor}"))
        if answer is None or answer[0].status != 200:
            raise Wrong(f"node {node} does not answer with {talk}: {answer and answer[1]!r}")
        page = json.loads(answer[1])
        found += page
        cursor = answer[0].headers["X-Cursor"]
        if not page:
            return found


def check_messages(audit, node):
    """Each acknowledged message is there once, as it was acknowledged; numbers have no gaps."""
    found = {}
    for talk in TALKS:
        messages = fresh(audit, node, talk)
        if [number(message["id"]) for message in messages] != list(range(1, len(messages) + 1)):
            raise Wrong(f"{talk} has gaps or is out of order at node {node}")
        for message in messages:
            if found.setdefault(message["clientMessageId"], message) is not message:
                raise Wrong(f"{message['clientMessageId']} is there twice")
    lost = [message["id"] for key, message in audit.acknowledged.items() if key not in found]
    if lost:
        raise Wrong(f"{len(lost)} acknowledged messages are lost, such as {lost[:3]}")
    for key, message in audit.acknowledged.items():
        for name, value in message.items():
            if found[key][name] != value:
                raise Wrong(f"{message['id']} was acknowledged with another {name}")


def check_followers(audit, followers, node):
    """What followers have, with the last changes, is what somebody gets who asks for the first time."""
    for follower in followers:
        if not follower.cursor:
            raise Wrong(f"{follower} has nothing")
        follower.work()
        known = [follower.known[n] for n in sorted(follower.known)]
        if known != fresh(audit, node, follower.talk, follower.user):
            raise Wrong(f"{follower} has another picture than a fresh one")


def check_database(audit, program, database):
    """The read markers are no less than was acknowledged, and `postbox check` finds nothing."""
    sql = """SELECT c.id || '/' || p.user_id || '/' || p.read_up_to FROM postbox.participants p JOIN postbox.conversations c
        ON c.tenant_id = p.tenant_id AND c.key = p.conversation_key"""
    command = ["psql", "-XAtq", "--set", "ON_ERROR_STOP=1", "--dbname", database, "--command", sql]
    rows = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    stored = {tuple(row.rsplit("/", 1)[0].split("/")): int(row.rsplit("/", 1)[1]) for row in rows}
    for key, mark in audit.marks.items():
        if stored[key] < mark:
            raise Wrong(f"the read marker of {key} is {stored[key]}, acknowledged as {mark}")
    check = subprocess.run([program, "check", "--database", database], stdout=subprocess.PIPE, text=True, check=False)
    if check.returncode != 0:
        raise Wrong(f"check: {check.stdout}")


def check_lists(audit):
    """All nodes show everybody the same list."""
    for user in PEOPLE:
        lists = [Client(audit, user).ask_once(node, "GET", CONVERSATIONS) for node in audit.nodes]
        if any(answer is None or answer[0].status != 200 for answer in lists) or len({answer[1] for answer in lists}) != 1:
            raise Wrong(f"{user} sees different lists: {[answer and (answer[0].status, len(answer[1])) for answer in lists]}")
