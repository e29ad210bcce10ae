"""The line: what a call needs of whatever carries its audio (Twilio, WebRTC, a recording)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

SAMPLE_RATE = 8000


@dataclass(frozen=True, slots=True)
class LineAudio:
    """Caller audio in G.711 μ-law, 8 kHz; ``start`` is its first sample on the line's timeline."""

    start: int
    ulaw: bytes


@dataclass(frozen=True, slots=True)
class LineMark:
    """The carrier played, or threw away, everything sent before the mark of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class LineDigit:
    """The caller pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class LineClosed:
    """The line is gone; ``reason`` is ``hangup`` or a protocol error's code."""

    reason: str
    detail: str = ""


LineEvent = LineAudio | LineMark | LineDigit | LineClosed


class Line(Protocol):
    """One call's audio, both ways. Sending to a line that is gone does nothing."""

    def events(self) -> AsyncIterator[LineEvent]:
        """Everything that arrives, in order; ends after ``LineClosed``."""

    async def send_audio(self, ulaw: bytes) -> None:
        """Append μ-law audio to the carrier's playback buffer."""

    async def send_mark(self, name: str) -> None:
        """Ask for a ``LineMark`` once everything sent so far was played."""

    async def clear(self) -> None:
        """Empty the carrier's playback buffer; all outstanding marks return at once."""

    async def hang_up(self) -> None:
        """End the telephone call."""
