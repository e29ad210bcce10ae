"""What kind of answer a question wants, and whether a sentence is of that kind."""

import re
from dataclasses import dataclass
from typing import Final

from agent.models.days import days_in

_NUMBER_WORDS: Final = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|"
    r"forty|fifty|sixty|ninety|hundred|half|once|twice|no|an?)"
)
_DAYS: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_WHEN: Final = (
    rf"\d\d?(?::\d\d)?\s?[ap]\.?m|\d:\d\d|\b{_DAYS}\b|weekdays?|weekends?|noon|midnight|closed|"
    r"january|february|march|april|june|july|august|september|october|november|december|"
    r"christmas|minutes?|hours?|days?|weeks?|months?|years?|morning|afternoon|evening|until|"
    r"after|before|once|when|always|birthday|age|season"
)
# Kind of answer: how it is asked for, and what a sentence that gives it must hold.
_KINDS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "price",
        r"how much (?:is|are|was|does|do|would|will|did|for|it|to|you|they)\b(?!.*\bnotice\b)|"
        r"\b(?:cost|costs|price|prices|pricing|charge for|fee for|how expensive)\b|"
        r"what (?:does|do|would|will) .* run\b",
        r"[$€£]\s?\d|\d\s?(?:%|percent|dollars|cents)|\bfree\b|no (?:\w+ )?(?:charge|cost|fee)|"
        r"included|covered",
    ),
    (
        "age",
        r"how old|what age|which age|at what age",
        r"\bage[sd]?\b|\byears?\b|\bbirthday\b|(?:under|over) \d",
    ),
    (
        "duration",
        r"how (?:long|soon|quickly|fast|late|early|far|much (?:notice|time))|what's the wait",
        rf"(?:\d|\b{_NUMBER_WORDS}\b).*(?:minute|hour|day|week|month|year|block|mile|night|"
        rf"[ap]\.?m)|same day|right away|immediately|\d:\d\d",
    ),
    ("frequency", r"how often", r"\bonce|twice|every|times|a year|a month|a week|daily|monthly"),
    ("count", r"how many", rf"\d|\b{_NUMBER_WORDS}\b"),
    (
        "phone",
        r"(?:phone|telephone|emergency|fax|contact|your) number|number (?:to|for|do i|can i)",
        r"\d{3}[ .-]\d{4}|\b\d{3}\b",
    ),
    ("when", r"\b(?:when|what (?:time|times|days?|hours)|which days?)\b", _WHEN),
    ("who", r"\bwho(?:'s| is| are)?\b|what's the name|name of", r"(?<!^)(?<![.!?] )\b[A-Z][a-z]+"),
)
_COMPILED: Final = tuple((name, re.compile(ask), re.compile(hold)) for name, ask, hold in _KINDS)
_CASELESS: Final = {
    name: re.compile(hold, re.IGNORECASE) for name, _, hold in _KINDS if name != "who"
}
# Asks for a whole procedure, which may take several sentences.
_PROCEDURE: Final = re.compile(
    r"what (?:should|do|can|must) (?:i|we|you) (?:do|know|expect)|what happens|tell me (?:all|more|"
    r"everything|about)|explain|walk me through|how do(?:es)? .* work|how (?:do|should) i (?:take "
    r"care|look after)|after-?care|instructions|everything about|^about|"
    r"what's (?:included|involved)|steps"
)
# Asks for a list, of which the lines that hold the answer are read out.
_LISTING: Final = re.compile(
    r"\b(?:your|the) (?:\w+ ){0,2}(?:hours|prices|rates|fees|times)\b|"
    r"when are you open|what (?:hours|days) are you"
)
# Asks which ones there are.
_ENUMERATION: Final = re.compile(
    r"^(?:what|which) (?:(?:kinds?|types?|sorts?) of )?(?:\w+ ){1,2}(?:do|does|are|can|will)\b"
)
_PERMISSION: Final = re.compile(
    r"^(?:can|could|may|should) (?:i|we|my|he|she|they)\b|allowed|^is it (?:ok|safe)"
)
_NEGATION: Final = re.compile(r"\b(?:no|not|don't|without|haven't|isn't|never)\b")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, read for the kind of its answer.

    Attributes:
        text: As it was asked, without courtesies.
        kinds: What the answer must hold: a price, a duration, a name …
        procedure: Whether the answer may take several sentences.
        listing: Whether the answer may be several lines of a list.
        permission: Whether it asks if something may be done.
        days: Days of the week that it asks about.
        enumeration: Whether it asks which ones there are.
        negative: Whether it asks about doing without something.
    """

    text: str
    kinds: tuple[str, ...]
    procedure: bool
    listing: bool
    enumeration: bool
    permission: bool
    days: frozenset[int]
    negative: bool

    def fits(self, sentence: str) -> bool:
        """Whether the sentence holds something of the kind that was asked for."""
        return all(
            (_CASELESS[name] if name in _CASELESS else hold).search(sentence)
            for name, _, hold in _COMPILED
            if name in self.kinds
        )


def read_question(text: str) -> Question:
    """Read a question that has lost its courtesies (see ``intents.read``)."""
    plain = text.lower().replace("’", "'")
    days = days_in(plain)
    return Question(
        text=text,
        kinds=tuple(name for name, ask, _ in _COMPILED if ask.search(plain))[:1],
        procedure=bool(_PROCEDURE.search(plain)),
        listing=bool(_LISTING.search(plain)) and not days,
        enumeration=bool(_ENUMERATION.match(plain)),
        permission=bool(_PERMISSION.search(plain)),
        days=days,
        negative=bool(_NEGATION.search(plain)),
    )
