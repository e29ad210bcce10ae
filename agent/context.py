"""A question as it stands by itself: "and on Sunday?" or "tomorrow" need what is around them."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from agent.conversation import Conversation
from agent.intents import read
from knowledge.words import content

_log = structlog.get_logger(__name__)

_FOLLOWS: Final = re.compile(r"^(?:(?:and|what about|how about|what if|on|for|with) )+")
_POINTS: Final = re.compile(r"\b(?:it|that|they|them|those|this one|that one)\b")
# What a question asks of a thing, as against the thing itself.
_ASPECTS: Final = frozenset(
    "cost costs price prices charge charges fee open close hours long take takes much many "
    "monday tuesday wednesday thursday friday saturday sunday".split()
)
_FEW = 2  # content words
_RELATIVE: Final = {
    "today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0, "this evening": 0,
    "right now": 0, "tomorrow": 1,
}  # fmt: skip
_RELATIVE_WORDS: Final = re.compile(rf"\b(?:{'|'.join(_RELATIVE)})\b")


def standalone(question: str, conversation: Conversation, now: datetime) -> str:
    """Complete a question that leans on the caller's previous one, and name its day."""
    dated = _RELATIVE_WORDS.sub(
        lambda match: f"on {(now + timedelta(days=_RELATIVE[match[0]])):%A}", question
    )
    previous = _previous_question(conversation)
    topics = content(dated)
    if not previous:
        return dated
    if _FOLLOWS.match(dated) and len(topics) <= _FEW:
        return _replace_topic(previous, dated) if topics else f"{previous} {dated}"
    pointer = _POINTS.search(dated)
    subject = [word for word in content(previous) if word not in _ASPECTS]
    if pointer and subject and len(topics) < _FEW:
        return f"{dated[: pointer.start()]}the {' '.join(subject)}{dated[pointer.end() :]}"
    return dated


def _previous_question(conversation: Conversation) -> str:
    """The last thing that the caller asked about."""
    asked = (read(exchange.caller).question for exchange in reversed(conversation.exchanges))
    return next((question for question in asked if question), "")


def local_time(now: datetime, timezone: str) -> datetime:
    """The time at the business; UTC where this machine knows no time zones."""
    zone: tzinfo = UTC
    if timezone != "UTC":
        try:
            zone = ZoneInfo(timezone)
        except ZoneInfoNotFoundError:
            _log.warning("timezone_unknown", timezone=timezone)
    return now.astimezone(zone)


_DAY: Final = re.compile(r"\b(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b")


def _replace_topic(previous: str, follow_up: str) -> str:
    """Ask the same of something else: a new day or a new subject takes the old one's place."""
    day = _DAY.search(follow_up)
    if day and _DAY.search(previous):
        return _DAY.sub(day[0], previous)
    topic = _FOLLOWS.sub("", follow_up).strip()
    subject = " ".join(word for word in content(previous) if word not in _ASPECTS)
    old = re.compile(rf"(?:\b(?:an?|the|your) )?\b{re.escape(subject)}\b")
    if subject and old.search(previous):
        return old.sub(topic, previous)
    return f"{previous} {topic}"
