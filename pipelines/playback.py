"""Playback: what was sent to the carrier and what of it was played. Pure; no I/O, no clock.

Positions count samples of agent audio in the order they were queued, from 0 at the start of the
leg; what is dropped keeps its positions and is never played. The carrier plays what it is sent
without a break and returns each mark when playback reaches it; `clear` empties its buffer and
returns every mark at once. A stretch that the carrier plays without a break is a burst.
"""

from collections import deque
from dataclasses import dataclass

from pipelines.burst import Burst
from pipelines.line import SAMPLE_RATE

LEAD_S = 0.3
"""How far ahead of playback audio is sent: covers our own jitter; `clear` takes it back."""
CHUNK = 800
"""Samples a message: 100 ms."""
_FIRST_CHUNK = 2400
"""A burst's first message, the whole lead: were it short, its successor could come too late."""
_EARLY = 80
"""Samples by which a mark may lie behind the place where playback stopped: timers round."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Samples ``start`` … ``end`` were played, the first of them at ``time`` (monotonic s)."""

    start: int
    end: int
    time: float
    ulaw: bytes


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    position: int
    burst: Burst


class Playback:
    """The carrier's playback buffer as far as it can be known from this side."""

    def __init__(self, lead_s: float = LEAD_S) -> None:
        self._lead_s = lead_s
        self._audio = bytearray()
        self._base = 0  # position of self._audio[0]; everything before it was placed or dropped
        self._sent = 0
        self._played = 0
        self._marks: deque[_Mark] = deque()
        self._bursts: deque[Burst] = deque()
        self._held: list[tuple[_Mark, float]] = []
        self._count = 0
        self._paused = False
        self._running = False  # whether the last burst still goes on
        self._clearing: str | None = None
        self._cleared_at = 0.0

    @property
    def queued(self) -> int:
        """The position behind the last sample queued."""
        return self._base + len(self._audio)

    @property
    def played(self) -> int:
        """The position up to which playback is known to have come."""
        return self._played

    @property
    def paused(self) -> bool:
        """Whether playback was paused and neither resumed nor dropped."""
        return self._paused

    @property
    def settled(self) -> bool:
        """Whether the position at which a pause stopped the carrier is known."""
        return self._clearing is None

    @property
    def idle(self) -> bool:
        """Whether everything queued was played or dropped."""
        return self._played >= self.queued

    def enqueue(self, ulaw: bytes) -> int:
        """Queue audio; returns the position of its first sample."""
        position = self.queued
        self._audio += ulaw
        return position

    def next_due(self) -> float | None:
        """The monotonic second at which more should be sent; None while there is nothing."""
        if self._paused or self._clearing or self._sent >= self.queued:
            return None
        return self._buffer_end() - self._lead_s if self._running else 0.0

    def take(self, now: float) -> tuple[bytes, str] | None:
        """The next message, if one is due: its audio and the name of the mark to send behind it."""
        due = self.next_due()
        if due is None or due > now:
            return None
        if not self._running or self._buffer_end() < now:
            self._bursts.append(Burst(self._sent, now))
            self._running = True
        offset = self._sent - self._base
        ulaw = bytes(self._audio[offset : offset + self._chunk_size()])
        self._sent += len(ulaw)
        self._count += 1
        self._marks.append(_Mark(f"m{self._count}", self._sent, self._bursts[-1]))
        return ulaw, self._marks[-1].name

    def pause(self, now: float) -> str | None:
        """Stop playback. Returns the mark to send behind a `clear`, or None if nothing plays."""
        if self._paused:
            return None
        self._paused = True
        if self._sent <= self._played:
            return None
        self._cleared_at = now
        self._count += 1
        self._clearing = f"c{self._count}"
        return self._clearing

    def resume(self) -> None:
        """Go on from the first unplayed sample."""
        self._paused = False
        self._sent = self._played
        self._running = False

    def drop(self) -> None:
        """Forget what was not played; audio queued from now on follows behind it."""
        end = self.queued
        self._audio.clear()
        self._base = self._played = self._sent = end
        self._paused = self._running = False
        self._marks.clear()
        self._bursts.clear()

    def mark_returned(self, name: str, now: float) -> list[Placed]:
        """Take a returned mark; returns what can now be placed on the timeline."""
        if name == self._clearing:
            return self.settle(now)
        if all(mark.name != name for mark in self._marks):
            return []
        mark = self._marks.popleft()
        while mark.name != name:
            mark = self._marks.popleft()
        if self._clearing:  # played, or thrown back: that is told when playback has settled
            self._held.append((mark, now))
            return []
        return self._reached(mark, now)

    def settle(self, now: float) -> list[Placed]:
        """The `clear` was carried out, or is given up for lost: fix where playback stopped."""
        if self._clearing is None:
            return []
        self._clearing = None
        self._marks.clear()
        held, self._held = self._held, []
        if not self._running or not self._bursts:
            return self._place_before(None, self._played)
        burst = self._bursts[-1]
        stopped = min(self._stopped(burst, now), self._sent)
        placed: list[Placed] = []
        for mark, at in held:
            if mark.position <= stopped + _EARLY:
                placed += self._reached(mark, at)
        self._played = max(self._played, stopped)
        burst.finish(self._played, max(0.0, now - self._cleared_at))
        self._running = False
        return placed + self._place_before(None, self._played)

    def _stopped(self, burst: Burst, now: float) -> int:
        """Where `clear` stopped the carrier."""
        if burst.broken:
            position, at = burst.last
            return position + round((now - at) * SAMPLE_RATE)
        # Audio and `clear` travelled the same way: their distance is what was played.
        return burst.start + round((self._cleared_at - burst.sent_at) * SAMPLE_RATE)

    def _reached(self, mark: _Mark, now: float) -> list[Placed]:
        burst = mark.burst
        placed = self._place_before(burst, mark.position)
        self._played = max(self._played, mark.position)
        burst.marked(mark.position, now)
        if self.idle:
            burst.finish(self._played)
        return placed + self._place(burst, min(burst.known, self._played))

    def _place_before(self, burst: Burst | None, position: int) -> list[Placed]:
        """Place the bursts ahead of ``burst``, which playback has left behind."""
        placed: list[Placed] = []
        while self._bursts and self._bursts[0] is not burst:
            done = self._bursts.popleft()
            end = min(self._bursts[0].start, position) if self._bursts else position
            done.finish(end)
            placed += self._place(done, end)
        return placed

    def _place(self, burst: Burst, end: int) -> list[Placed]:
        placed = []
        for start, stop, time in burst.placed(self._base, end):
            ulaw = bytes(self._audio[: stop - start])
            del self._audio[: stop - start]
            self._base = stop
            placed.append(Placed(start, stop, time, ulaw))
        return placed

    def _buffer_end(self) -> float:
        """When the carrier's buffer runs dry, by our own clock."""
        return self._bursts[-1].plays_until(self._sent)

    def _chunk_size(self) -> int:
        return _FIRST_CHUNK if self._sent == self._bursts[-1].start else CHUNK
