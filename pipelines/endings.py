"""What the last words say about whether a turn is over, where the voice alone misleads."""

import re

_CLOSING = re.compile(
    r"\b(?:good[\s-]?)?bye(?:[\s-]bye)?\W*$|\bthat(?:'s| is) all\W*$", re.IGNORECASE
)
_TRAILING = re.compile(
    r"(?:[,\-–—…]|\b(?:a|an|and|actually|because|but|er|for|if|of|or|so|the|to|uh|um|well|with)\W*)$",
    re.IGNORECASE,
)


def is_closing(text: str) -> bool:
    """Whether ``text`` ends as conversations do: Smart Turn hears a falling "bye" as unfinished."""
    return _CLOSING.search(text) is not None


def is_trailing(text: str) -> bool:
    """Whether ``text`` breaks off: "Actually," alone sounds complete and never is."""
    return _TRAILING.search(text.strip()) is not None
