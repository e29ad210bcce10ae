"""What a client of the media stream can do wrong, and the code under which each is refused."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from core.clock import SystemClock
from core.ids import SystemIds
from simulators.carrier import messages
from telephony.twilio.tokens import StreamTokens
from tests.e2e.house import TOKEN
from tests.e2e.stranger import Invitation, Stranger

Act = Callable[[Stranger, Invitation], Awaitable[None]]
_HUGE = '{"event":"media","padding":"' + "x" * 65_536 + '"}'


class Yesterday(SystemClock):
    """A clock that is late."""

    def now(self) -> datetime:
        return super().now() - timedelta(days=1)


def _expired(invited: Invitation) -> str:
    key = hashlib.sha256(f"stream {TOKEN}".encode()).digest()
    clock = Yesterday()
    return StreamTokens(key, clock, SystemIds(clock)).issue("call_1", invited.call_sid)


BEFORE_START: dict[str, tuple[str, Act]] = {
    "no JSON": ("not_json", lambda s, _: s.send("hello?")),
    "no object": ("bad_message", lambda s, _: s.send("[1]")),
    "no event": ("bad_message", lambda s, _: s.send("{}")),
    "binary": ("not_json", lambda s, _: s.send(b"\x00\xff")),
    "start first": ("out_of_order", lambda s, _: s.send(s.start())),
    "stop first": ("out_of_order", lambda s, _: s.send(messages.CONNECTED, s.words.stop())),
    "media first": (
        "media_before_start",
        lambda s, _: s.send(messages.CONNECTED, s.words.media(0, "/w==")),
    ),
    "too large": ("message_too_large", lambda s, _: s.send(_HUGE)),
    "another format": (
        "wrong_media_format",
        lambda s, _: s.send(messages.CONNECTED, s.start().replace("audio/x-mulaw", "audio/pcm")),
    ),
    "no token": ("unknown_token", lambda s, _: s.send(messages.CONNECTED, s.start(""))),
    "a forged token": (
        "unknown_token",
        lambda s, i: s.send(messages.CONNECTED, s.start(i.token[:-4] + "AAAA")),
    ),
    "an old token": (
        "expired_token",
        lambda s, i: s.send(messages.CONNECTED, s.start(_expired(i))),
    ),
    "silence": ("start_timeout", lambda s, _: s.send(messages.CONNECTED)),
}

AFTER_START: dict[str, tuple[str, Act]] = {
    "no JSON": ("not_json", lambda s, _: s.send("hello?")),
    "a second start": ("duplicate_start", lambda s, _: s.send(s.start())),
    "broken base64": ("bad_base64", lambda s, _: s.send(s.words.media(0, "not base64!"))),
    "an old number": (
        "out_of_order",
        lambda s, _: s.send(s.words.media(0, "/w==").replace('r":"3"', 'r":"1"')),
    ),
    "too large": ("message_too_large", lambda s, _: s.send(_HUGE)),
}
