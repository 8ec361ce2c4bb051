"""What makes a request valid and cannot be said in OpenAPI."""

from urllib.parse import unquote

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    """`since` and `before` exclude each other, and a message id is a cursor only in the conversation of the path."""
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
