"""Taking a message: who, on which number, about what. The state is read off the conversation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from agent.conversation import Exchange
from agent.intents import Intent, Reading, normalise


class Asked(StrEnum):
    """The intents of those answers of the agent that wait for a part of a message."""

    OFFER = "not_covered"
    TEXT = "message_text"
    NAME = "message_name"
    NUMBER = "message_number"
    CONFIRM = "message_confirm"


THIS_NUMBER: Final = "the number of this call"
_SHORTEST_NUMBER = 7
_DIGITS: Final = {
    "zero": "0", "oh": "0", "o": "0", "one": "1", "two": "2", "to": "2", "too": "2", "three": "3",
    "four": "4", "for": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_INTRODUCTION: Final = re.compile(
    r"^(?:(?:yes|yeah|sure|okay|ok|um|uh|hi|hello|well|so|please)\b[ ,]*)*"
    r"(?:my name is|my name's|the name is|the name's|name's|this is|it's|it is|i'm|i am|call me)?"
    r"\s*",
    re.IGNORECASE,
)
_SAME_NUMBER: Final = re.compile(
    r"\b(?:this (?:number|one|phone)|the (?:number|one) i'?m? ?(?:am )?calling from|"
    r"same number|the one you have|(?:my|this) number is fine)\b"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message so far."""

    text: str = ""
    name: str = ""
    number: str = ""

    def arguments(self) -> dict[str, str]:
        """What the tool ``take_message`` is given."""
        return {"name": self.name, "number": self.number, "text": self.text}


def draft(exchanges: Sequence[Exchange], reply: str) -> Draft:
    """Gather the message from what the caller replied to each question of the agent."""
    found = Draft()
    replies = [exchange.caller for exchange in exchanges[1:]] + [reply]
    for asked, answer in zip(exchanges, replies, strict=True):
        if asked.intent == Asked.OFFER:
            found = Draft(text=asked.caller)
        elif asked.intent == Asked.TEXT:
            found = Draft(text=answer)
        elif asked.intent == Asked.NAME:
            found = replace(found, text=found.text or asked.caller, name=spoken_name(answer))
        elif asked.intent == Asked.NUMBER:
            found = replace(found, number=spoken_number(answer))
    return found


def is_reply(asked: str, reading: Reading, text: str) -> bool:
    """Whether a turn goes on with the message, or has left it for something else."""
    if asked == Asked.OFFER:
        return reading.intent is Intent.AFFIRMATIVE
    if asked == Asked.CONFIRM:
        return reading.intent in (Intent.AFFIRMATIVE, Intent.NEGATIVE) or bool(spoken_number(text))
    if asked == Asked.NUMBER and spoken_number(text):
        return True
    left = (Intent.GOODBYE, Intent.CANCEL, Intent.REPEAT, Intent.WAIT, Intent.NEGATIVE)
    if reading.intent in left:
        return False
    return asked == Asked.TEXT or not text.rstrip().endswith("?")


def spoken_name(text: str) -> str:
    """The name alone: "John Smith" of "Yes, my name is john smith."."""
    bare = _INTRODUCTION.sub("", text.strip()).rstrip(".!,? ")
    bare = re.split(r",|\band my (?:number|phone)\b", bare)[0].strip()
    return " ".join(word[:1].upper() + word[1:] for word in bare.split())


def spoken_number(text: str) -> str:
    """A telephone number said in figures or in words; empty where there is none."""
    plain = normalise(text)
    if _SAME_NUMBER.search(plain):
        return THIS_NUMBER
    said = [_DIGITS.get(word, re.sub(r"\D", "", word)) for word in re.split(r"[\s-]+", plain)]
    digits = "".join(said)
    if len(digits) < _SHORTEST_NUMBER:
        return ""
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    if len(digits) == 10:
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return f"{digits[:3]}-{digits[3:]}" if len(digits) == _SHORTEST_NUMBER else digits
