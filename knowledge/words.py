"""Words and their stems, as far as finding needs them."""

import re
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, Final

import snowballstemmer

_WORD: Final = re.compile(r"[a-z0-9][a-z0-9'&]*")
_COMPOUND: Final = re.compile(r"\b[a-z]+(?:-[a-z]+)+\b")

# Words of any question: they say how it is asked, not what about.
_COMMON: Final = frozenset(
    """a an the i you we he she it they me my your our his her its their us them this that these
    those is are am was were be been being do does did doing done have has had having can could
    will would shall should may might must and or but if so of to in on at for with from by as
    about into out up off over what when where who whom whose why how which there here not no yes
    any some just really guys guy folks get gets getting got go going goes take takes taking tell
    know want wanted wants need needs needed like please much many long often soon also still only
    too very than then now all more most something anything someone anyone somebody anybody
    extra everything thing things offer offers provide have give make made let use using used
    i'm you're we're it's what's where's who's how's i've don't didn't i'd i'll can't isn't aren't
    doesn't that's there's he's she's they're won't wouldn't um uh hi hello hey okay well actually
    happen happens happened possible able way kind sort right come coming came today tomorrow
    supposed ask asking call calling find see say says said try trying think thinking
    wondering guess help able best one ones else same other another while because during since
    before after again back around through per each every both either day days time times bit lot
    little maybe probably currently usually normally ever already yet keep put thanks thank
    look looking love don isn accept allowed allow okay ok fine question quick hear heard
    doctor dr business place company shop store office somewhere work works working people person
    sure located location""".split()
)
# What people of any trade call the same thing. The vectors of single words know most others.


def words(text: str) -> list[str]:
    """The words of a text in lower case; a hyphen parts them."""
    return _WORD.findall(text.lower().replace("’", "'"))


def compounds(text: str) -> set[str]:
    """The hyphenated words of a text, written as one: "Wi-Fi" is also said "wifi"."""
    return {match.replace("-", "") for match in _COMPOUND.findall(text.lower())}


def content(text: str) -> list[str]:
    """The words of a text that say what it is about, without repetition."""
    return list(dict.fromkeys(word for word in words(text) if word not in _COMMON))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of an English word."""
    return str(_stemmer().stemWord(word.removesuffix("'s")))


def stems(text: str) -> frozenset[str]:
    """The stems of what a text is about, and of neighbouring words written as one.

    A recogniser writes "met life" where the document has "MetLife".
    """
    plain = words(text)
    joined = (left + right for left, right in pairwise(plain))
    return frozenset(stem(word) for word in (*plain, *joined) if word not in _COMMON)


@cache
def _stemmer() -> Any:
    return snowballstemmer.stemmer("english")
