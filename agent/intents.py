"""What a turn is for, where plain phrases tell: greetings, thanks, goodbye, repeat, a person."""

import re
from dataclasses import dataclass
from typing import Final

from agent.phrases import COURTESIES, FILLERS, PHRASES, Intent

__all__ = ["Intent", "Reading", "normalise", "read"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A turn's intent, and its text without the courtesies around a question."""

    intent: Intent
    question: str


# Said alone it agrees; before something else it says nothing.
_OKAY: Final = re.compile(r"(?:okay|ok|alright|all right)")


def normalise(text: str) -> str:
    """Lower case, one space between words, no punctuation but what is inside words."""
    plain = re.sub(r"[^\w'@$%.:-]+", " ", text.lower().replace("’", "'"))
    return " ".join(word for part in plain.split() if (word := part.strip(".:-")))


_LEFT: Final = tuple(
    (intent, re.compile(rf"(?:{pattern})(?!\S)")) for intent, pattern in (*PHRASES, (None, FILLERS))
)
# After a question only these are courtesies: "is the food good" ends with no filler.
_RIGHT: Final = (
    (Intent.GOODBYE, re.compile(r"(?:^|\s)(?:good ?bye|bye(?:[ -]bye)?|have a good (?:day|one))$")),
    (Intent.THANKS, re.compile(r"(?:^|\s)(?:thank you|thanks)(?: (?:very|so) much| a lot)?$")),
    (None, re.compile(r"(?:^|\s)(?:please|then|sir|ma'am|by the way)$")),
)
# These name a turn only where nothing else is said: "what" also begins a question.
_ALONE: Final = frozenset({Intent.REPEAT})
_ASKING: Final = re.compile(
    r"(?:what|when|where|who|why|how|which|is|are|do|does|did|can|could|will|would|should|may)\b"
)


def read(text: str) -> Reading:
    """Take the courtesies off a turn and name what is left."""
    words = normalise(text)
    if _OKAY.fullmatch(words):
        return Reading(Intent.AFFIRMATIVE, "")
    found: list[Intent] = []
    rest = _peel(words, found)
    question = COURTESIES.sub("", rest).strip()
    ranked = [intent for intent, _ in PHRASES if intent in found]
    if not question:
        return Reading(ranked[0] if ranked else Intent.NOTHING, "")
    asked_for = (Intent.PERSON, Intent.MESSAGE, Intent.BOOKING)
    kept = next((intent for intent in ranked if intent in asked_for), None)
    if kept is None or _ASKING.match(question):
        return Reading(Intent.QUESTION, question)
    return Reading(kept, question)


def _peel(words: str, found: list[Intent]) -> str:
    """Take the known phrases off both ends, the longest first, until none is left there."""
    while words:
        fits = [(match.end(), intent) for intent, p in _LEFT if (match := p.match(words))]
        fits = [(end, i) for end, i in fits if end == len(words) or i not in _ALONE]
        if fits:
            end, intent = max(fits, key=lambda fit: fit[0])
            rest = words[end:].strip()
        else:
            right = ((i, match) for i, p in _RIGHT if (match := p.search(words)))
            intent, ending = next(right, (None, None))
            if ending is None:
                return words
            rest = words[: ending.start()]
        if intent is not None:
            found.append(intent)
        words = rest
    return ""
