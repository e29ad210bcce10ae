"""The words that carry a question, and whether a sentence speaks of them."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import Final, Protocol

from nltk.stem.snowball import SnowballStemmer

_WORD: Final = re.compile(r"[a-z0-9][a-z0-9'&]*")
# Words of any question: they say how it is asked, not what about.
_COMMON: Final = frozenset(
    """a an the i you we he she it they me my your our his her its their us them this that these
    those is are am was were be been being do does did doing done have has had having can could
    will would shall should may might must and or but if so of to in on at for with from by as
    about into out up off over what when where who whom whose why how which there here not no yes
    any some just really guys guy folks get gets getting got go going goes take takes taking tell
    know want wanted wants need needs needed like please much many long often soon also still only
    too very than then now all more most something anything someone anyone somebody anybody
    everything thing things offer offers provide sell have give make made let use using used
    i'm you're we're it's what's where's who's how's i've don't didn't i'd i'll can't isn't aren't
    doesn't that's there's he's she's they're won't wouldn't um uh hi hello hey okay well actually
    happen happens happened possible able way kind sort right come coming came today tomorrow
    supposed ask asking call calling check find see say says said try trying think thinking
    wondering guess help able best one ones else same other another while because during since
    before after again back around through per each every both either day days time times bit lot
    little maybe probably currently usually normally ever already yet keep put thanks thank
    look looking love don isn accept allowed allow okay ok fine question quick hear heard
    doctor dr business place company office work works working people person sure located
    location""".split()
)
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# What people of any trade call the same thing. The vectors of single words know most others.
_SYNONYMS: Final = (
    "cost price charge fee rate pay",
    "open opening hour close closing",
    "kid child children son daughter boy girl toddler baby",
    "parent mom mother dad father guardian",
    "senior elderly retired 65",
    "pull pulled extraction extract removed",
    "address located location find directions",
    "park parking car",
    "book schedule reserve appointment reservation booking",
    "move reschedule change cancel",
    "sick ill fever",
    "hurt pain ache sore",
    "free complimentary",
    "broke broken chipped cracked",
    "pregnant pregnancy",
)


class Words(Protocol):
    """Similarity of single words, without running the encoder."""

    def word_similarity(self, left: str, right: str) -> float:
        """Cosine of two words' own vectors."""


@dataclass(frozen=True, slots=True)
class Term:
    """A content word: as it was said, its stem, and whether it is a rare, specific word."""

    word: str
    stem: str
    specific: bool


@cache
def _stemmer() -> SnowballStemmer:
    return SnowballStemmer("english")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of an English word."""
    return str(_stemmer().stem(word.removesuffix("'s")))


def words(text: str) -> list[str]:
    """The words of a text in lower case; a hyphen parts them."""
    return _WORD.findall(text.lower().replace("’", "'"))


def content(text: str) -> list[str]:
    """The words of a text that say what it is about, without repetition."""
    return list(dict.fromkeys(word for word in words(text) if word not in _COMMON))


@cache
def _groups() -> dict[str, frozenset[int]]:
    groups: dict[str, set[int]] = {}
    for number, line in enumerate(_SYNONYMS):
        for word in line.split():
            groups.setdefault(stem(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in groups.items()}


def same(asked: str, written: str, similarity: Words) -> bool:
    """Whether two words mean the same, or sound the same to a speech recogniser."""
    left, right = stem(asked), stem(written)
    if left == right:
        return True
    if _day(asked) or _day(written) or asked.isdigit() or written.isdigit():
        return _day(asked) is not None and _day(asked) == _day(written)
    groups = _groups()
    if groups.get(left, frozenset()) & groups.get(right, frozenset()):
        return True
    return _sounds_like(left, right) or similarity.word_similarity(asked, written) >= 0.5


def _day(word: str) -> str | None:
    plain = word.removesuffix("s")
    return plain if plain in _DAYS else None


def _sounds_like(left: str, right: str) -> bool:
    """Whether a recogniser could have heard one for the other."""
    if min(len(left), len(right)) < 4 or left[0] != right[0]:
        return False
    if _skeleton(left) == _skeleton(right) and abs(len(left) - len(right)) <= 2:
        return True
    if min(len(left), len(right)) < 5:
        return False
    return SequenceMatcher(None, left, right).ratio() >= 0.8


@lru_cache(maxsize=20_000)
def _skeleton(word: str) -> str:
    """The consonants as they sound; vowels are what recognisers mistake most."""
    for written, heard in (("ph", "f"), ("ck", "k"), ("c", "k"), ("z", "s"), ("x", "ks")):
        word = word.replace(written, heard)
    plain = re.sub(r"[aeiouyhw]", "", word[1:])
    return word[0] + re.sub(r"(.)\1+", r"\1", plain)
