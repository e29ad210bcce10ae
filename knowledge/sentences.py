"""Prose to sentences, careful with the abbreviations of addresses, names and times."""

import re
from typing import Final

_ABBREVIATIONS: Final = frozenset(
    "dr mr mrs ms prof st ave blvd rd ln hwy ste apt vs etc approx dept inc ltd e.g i.e "
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thurs fri sat "
    "sun".split()
)
# After "a.m." a sentence goes on with one of these, capital letter or not.
_DAY: Final = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)day", re.IGNORECASE)
_END: Final = re.compile(r"[.!?…][\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9])")


def split_sentences(prose: str) -> list[str]:
    """Return the sentences of ``prose`` with its line breaks joined."""
    text = " ".join(prose.split())
    sentences, start = [], 0
    for match in _END.finditer(text):
        if _ends(text, match):
            sentences.append(text[start : match.end()].strip())
            start = match.end()
    rest = text[start:].strip()
    return [*sentences, rest] if rest else sentences


def _ends(text: str, match: re.Match[str]) -> bool:
    if text[match.start()] != ".":
        return True
    word = text[: match.start()].rsplit(" ", 1)[-1].lstrip("(\"'“‘").lower()
    if word in ("a.m", "p.m"):
        return _DAY.match(text, match.end()) is None
    if word == "no":
        return not text[match.end()].isdigit()
    initial = len(word) == 1 and word.isalpha()
    return not (word in _ABBREVIATIONS or initial)
