"""Words that end a turn whatever the voice does: Smart Turn hears a falling "bye" as unfinished."""

import re

_CLOSING = re.compile(
    r"\b(?:good[\s-]?)?bye(?:[\s-]bye)?\W*$|\bthat(?:'s| is) all\W*$", re.IGNORECASE
)


def is_closing(text: str) -> bool:
    """Whether ``text`` ends as people end a conversation."""
    return _CLOSING.search(text) is not None
