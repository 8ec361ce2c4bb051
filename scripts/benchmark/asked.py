"""A request and the answer that must come."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Asked:
    """Of a send, `tag` and `body` cannot be known beforehand."""

    text: str
    status: int
    tag: str = None
    body: bytes = None
