"""What makes a request valid and cannot be said in OpenAPI."""

from urllib.parse import unquote

import schemathesis


IDS = {"senderId", "conversationId", "receiverId", "recipientId", "participantIds"}


def no_number(value):
    if isinstance(value, list):
        return [no_number(item) for item in value]
    return True if isinstance(value, (int, float)) else value


@schemathesis.hook
def before_call(context, case, kwargs):
    """`since` and `before` exclude each other, and a message id is a cursor only in the conversation of the path.

    Null for a read position is taken, because the Java client sends it for none; the Python one could not be generated if it were
    described. Something else that is no object stands in for it.

    A whole number is taken for an id; described, clients would have ids of two types. Something else that is no text stands in for it.
    """
    if isinstance(case.body, dict) and case.method == "POST":
        for name in IDS & case.body.keys():
            case.body[name] = no_number(case.body[name])
    if case.body is None and case.path.endswith("/read"):
        case.body = []
    query = case.query or {}
    if "since" in query and "before" in query:
        del query["before"]
    if "{id}" not in case.path:
        return
    conversation = unquote(case.formatted_path.split("/")[4])
    for name in {"since", "before"} & query.keys():
        value = query[name]
        if isinstance(value, str) and ":" in value:
            number = value.rpartition(":")[2]
            query[name] = number if conversation.startswith("@") else f"{conversation}:{number}"
