"""The words that carry a question, and whether a sentence speaks of them."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import Final

from agent.models.days import day_of
from knowledge.embeddings import MiniLM
from knowledge.words import stem

_SYNONYM: Final = 0.5
_SYNONYMS: Final = (
    "cost price charge fee rate pay",
    "open opening hour close closing",
    "kid child children son daughter boy girl toddler baby",
    "parent guardian mom mother dad father",
    "senior elderly retired 65",
    "pull pulled extraction extract removed",
    "address located location find directions",
    "park parking car",
    "book schedule reserve appointment reservation booking",
    "move reschedule change",
    "sick ill fever",
    "hurt pain ache sore",
    "free complimentary",
    "broke broken chipped cracked",
    "installment monthly plan financing finance",
    "guarantee warranty warranted guaranteed",
    "sell buy purchase sale",
    "bus train transit subway",
)


@cache
def _groups() -> dict[str, frozenset[int]]:
    groups: dict[str, set[int]] = {}
    for number, line in enumerate(_SYNONYMS):
        for word in line.split():
            groups.setdefault(stem(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in groups.items()}


def mentioned(term: str, written: Iterable[str], model: MiniLM) -> bool:
    """Whether one of the written words means the same as ``term``, or sounds like it."""
    return any(_same(term, word, model) for word in written)


def _same(asked: str, written: str, model: MiniLM) -> bool:
    left, right = stem(asked), stem(written)
    if left == right:
        return True
    groups = _groups()
    if groups.get(left, frozenset()) & groups.get(right, frozenset()):
        return True
    day = day_of(asked), day_of(written)
    if any(day) or asked.isdigit() or written.isdigit():
        return day[0] is not None and day[0] == day[1]
    return _sounds_like(left, right) or model.word_similarity(asked, written) >= _SYNONYM


def _sounds_like(left: str, right: str) -> bool:
    """Whether a recogniser could have heard one for the other."""
    if min(len(left), len(right)) < 4 or left[0] != right[0]:
        return False
    alike = SequenceMatcher(None, left, right).ratio()
    if _skeleton(left) == _skeleton(right):
        return alike >= 0.7
    return min(len(left), len(right)) >= 5 and alike >= 0.85


def resembles(heard: str, written: str) -> bool:
    """Whether two words begin alike and are mostly the same: enough where the place is right."""
    return heard[0] == written[0] and SequenceMatcher(None, heard, written).ratio() >= 0.65


@lru_cache(maxsize=20_000)
def _skeleton(word: str) -> str:
    """The consonants as they sound; vowels are what recognisers mistake most."""
    for written, heard in (("ph", "f"), ("ck", "k"), ("c", "k"), ("z", "s"), ("x", "ks")):
        word = word.replace(written, heard)
    plain = re.sub(r"[aeiouyhw]", "", word[1:])
    return word[0] + re.sub(r"(.)\1+", r"\1", plain)
