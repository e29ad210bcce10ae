"""What comes out of the earpiece: the carrier's playback buffer, as arithmetic on sample positions.

Nothing ticks here. Audio that waits at position ``p`` plays from ``p`` on at exactly one sample a
sample, so every question has an exact answer from the times at which messages arrived.
"""

from collections import deque
from dataclasses import dataclass, field

# A gap longer than this between two pieces of audio is a pause of the agent, not a stutter.
LONGEST_UNDERRUN = 2_400


@dataclass(slots=True)
class Run:
    """Audio played without a gap, from ``start`` on; ``cut`` where the rest was thrown away."""

    start: int
    ulaw: bytearray = field(default_factory=bytearray)
    cut: bool = False

    @property
    def end(self) -> int:
        """The position after the run's last sample."""
        return self.start + len(self.ulaw)


@dataclass(frozen=True, slots=True)
class Clear:
    """The buffer was emptied at ``at``: ``dropped`` samples were never played."""

    at: int
    dropped: int
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark that came back at ``due``, or where a ``clear`` sent it back before its audio."""

    name: str
    queued_at: int
    due: int
    cleared: bool


@dataclass(frozen=True, slots=True)
class Underrun:
    """Playback ran dry at ``at`` and went on ``samples`` later: the caller heard a stutter."""

    at: int
    samples: int


class Playback:
    """The buffer between the stream and the earpiece.

    Every method takes the position on the call's timeline at which the message arrived.
    Positions never go back; one that does is taken as the latest seen.
    """

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.clears: list[Clear] = []
        self.marks: list[Mark] = []
        self.underruns: list[Underrun] = []
        self._pending: deque[tuple[str, int, int]] = deque()
        self._end = 0
        self._latest = 0
        self._anew = True  # what comes next begins something new, it does not continue a burst

    @property
    def end(self) -> int:
        """The position at which everything received so far will have been played."""
        return self._end

    def buffered(self, at: int) -> int:
        """Samples that still wait to be played."""
        return max(0, self._end - at)

    def feed(self, at: int, ulaw: bytes) -> int:
        """Append audio; returns the samples by which it came before it was needed.

        A negative lead is a gap in what the caller heard, or the start of something new.
        """
        at = self._advance(at)
        lead = self._end - at
        if lead < 0 or self._anew:
            if not self._anew and -lead <= LONGEST_UNDERRUN:
                self.underruns.append(Underrun(self._end, -lead))
            self._end = max(self._end, at)
            self.runs.append(Run(self._end))
            self._anew = False
        self.runs[-1].ulaw += ulaw
        self._end += len(ulaw)
        return lead

    def mark(self, at: int, name: str) -> int:
        """Queue a mark behind what is buffered; returns the position at which it is due."""
        at = self._advance(at)
        due = max(self._end, at)
        self._pending.append((name, at, due))
        return due

    def reached(self, at: int) -> list[str]:
        """Take out the marks that playback has reached, in the order they were queued."""
        at = self._advance(at)
        names = []
        while self._pending and self._pending[0][2] <= at:
            name, queued_at, due = self._pending.popleft()
            self.marks.append(Mark(name, queued_at, due, cleared=False))
            names.append(name)
        return names

    def clear(self, at: int) -> list[str]:
        """Throw away what was not played; returns every outstanding mark, in order."""
        at = self._advance(at)
        dropped = self._truncate(at)
        names = [name for name, _, _ in self._pending]
        self.marks += [Mark(name, queued, at, cleared=True) for name, queued, _ in self._pending]
        self._pending.clear()
        self.clears.append(Clear(at, dropped, tuple(names)))
        return names

    def stop(self, at: int) -> int:
        """End the call; returns the samples that were buffered and will never be heard."""
        at = self._advance(at)
        self._pending.clear()
        return self._truncate(at)

    def _advance(self, at: int) -> int:
        self._latest = max(self._latest, at)
        return self._latest

    def _truncate(self, at: int) -> int:
        dropped = self.buffered(at)
        self._anew = True
        if dropped:
            run = self.runs[-1]
            del run.ulaw[len(run.ulaw) - dropped :]
            run.cut = True
            self._end = at
            if not run.ulaw:
                self.runs.pop()
        return dropped
