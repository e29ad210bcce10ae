"""Days of the week: which ones a question asks about, and which ones a sentence speaks of."""

import re
from typing import Final

_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NAME: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_RANGE: Final = re.compile(rf"\b({_NAME})s?\s*(?:to|through|thru|until|-|–|—)\s*({_NAME})s?\b")
_GROUPS: Final = {
    "weekend": {5, 6},
    "weekends": {5, 6},
    "weekday": {0, 1, 2, 3, 4},
    "weekdays": {0, 1, 2, 3, 4},
    "daily": set(range(7)),
    "every day": set(range(7)),
    "seven days": set(range(7)),
}
_OPENING: Final = re.compile(
    r"\bclosed\b|\b(?:\d{1,2}(?::\d\d)?\s*(?:[ap]\.?m\.?)?|noon)\s*(?:to|until|-|–|—)\s*"
    r"(?:\d{1,2}(?::\d\d)?|noon|midnight)",
    re.IGNORECASE,
)


def day_of(word: str) -> int | None:
    """The number of a day by its name, Monday being 0."""
    plain = word.removesuffix("'s").removesuffix("s")
    return _NAMES.index(plain) if plain in _NAMES else None


def days_in(text: str) -> frozenset[int]:
    """Every day that a text names, ranges such as "Monday to Thursday" filled in."""
    lower = text.lower()
    found: set[int] = set()
    for first, last in _RANGE.findall(lower):
        start, end = _NAMES.index(first), _NAMES.index(last)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    found.update(day for word in re.findall(r"[a-z]+", lower) if (day := day_of(word)) is not None)
    for name, days in _GROUPS.items():
        if re.search(rf"\b{name}\b", lower):
            found.update(days)
    return frozenset(found)


def states_hours(sentence: str) -> bool:
    """Whether a sentence says when something is open."""
    return bool(_OPENING.search(sentence))
