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

_FOLLOWS: Final = re.compile(r"^(?:and |what about|how about|what if|on |for |with )")
_POINTS: Final = re.compile(r"\b(?:it|that|they|them|those|one|there)\b")
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
    topics = content(dated)
    leans = (_FOLLOWS.match(dated) and len(topics) <= 2) or (
        _POINTS.search(dated) and len(topics) <= 1
    )
    if not leans or not conversation.exchanges:
        return dated
    previous = read(conversation.exchanges[-1].caller).question
    if _FOLLOWS.match(dated) and topics:
        return _replace_topic(previous, dated)
    return f"{previous} {dated}" if previous else dated


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
    """A new day takes the old one's place; another topic is asked about in the same way."""
    day = _DAY.search(follow_up)
    if day and _DAY.search(previous):
        return _DAY.sub(day[0], previous)
    return f"{previous} {_FOLLOWS.sub('', follow_up)}".strip()
