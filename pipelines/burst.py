"""Where a burst lies in time, from the marks that the carrier returned. Pure.

A mark tells when playback came to a position, but only ever late: the network, the carrier and
this process can delay it. So the mark that returned earliest, against its position, is right. Marks
that stay late are another matter: the carrier ran dry and played on later. A burst is then made of
pieces, each with an offset of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.line import SAMPLE_RATE

_PLACING = 2
"""Marks that place the first piece: a kill costs what is not placed, so they are few."""
_LATE_S = 0.018
_EARLIER_S = 0.003
"""A mark that much ahead of its piece shows that the piece was placed by delayed ones."""
_CONFIRMING_S = 0.15
"""How long marks keep returning late where there is a break: delays of ours end all at once."""


@dataclass(slots=True)
class Burst:
    """Audio that was sent without a break, from position ``start``, beginning at ``sent_at``."""

    start: int
    sent_at: float
    known: int = 0
    broken: bool = False  # the carrier ran dry: our own send times no longer tell where it is
    _pieces: list[tuple[int, float]] = field(default_factory=list)  # first position, offset
    _pending: list[tuple[int, float]] = field(default_factory=list)
    _last: tuple[int, float] | None = None

    @property
    def last(self) -> tuple[int, float]:
        """The last mark: its position and when it returned; else the beginning."""
        return self._last or (self.start, self.sent_at)

    def marked(self, position: int, now: float) -> None:
        """Take a returned mark."""
        self._last = (position, now)
        self._pending.append((position, now))
        self._resolve(final=False)

    def finish(self, position: int, round_trip_s: float = 0.0) -> None:
        """Nothing behind ``position`` is played: place everything up to it.

        Where no mark returned, playback began when the audio arrived, which is known here one
        round trip after it was sent.
        """
        self._resolve(final=True)
        if not self._pieces:
            began = self.sent_at + round_trip_s
            self._pieces = [(self.start, began - self.start / SAMPLE_RATE)]
        self.known = max(self.known, position)

    def plays_until(self, sent: int) -> float:
        """When the carrier's buffer runs dry that was filled up to position ``sent``."""
        if self.broken:
            return self._pieces[-1][1] + sent / SAMPLE_RATE
        return self.sent_at + (sent - self.start) / SAMPLE_RATE

    def placed(self, start: int, end: int) -> Iterator[tuple[int, int, float]]:
        """The stretch ``start`` … ``end`` cut at the breaks, each part with its time."""
        for index, (first, offset) in enumerate(self._pieces):
            last = index + 1 == len(self._pieces)
            begin, stop = max(start, first), end if last else min(end, self._pieces[index + 1][0])
            if begin < stop:
                yield begin, stop, offset + begin / SAMPLE_RATE

    def _resolve(self, *, final: bool) -> None:
        """Settle as many marks as can be told apart: on time, delayed, or behind a break."""
        if not self._pieces:
            if not self._pending or (len(self._pending) < _PLACING and not final):
                return
            self._pieces = [(self.start, _offset(self._pending))]
        while self._pending:
            offset = self._pieces[-1][1]
            best = _offset(self._pending)
            if best < offset - _EARLIER_S:
                self._pieces.append((max(self.known, self.start), best))
                continue
            punctual = [
                i
                for i, (p, t) in enumerate(self._pending)
                if t - p / SAMPLE_RATE - offset <= _LATE_S
            ]
            if punctual:
                self.known = self._pending[punctual[-1]][0]
                del self._pending[: punctual[-1] + 1]
            elif self._pending[-1][1] - self._pending[0][1] >= _CONFIRMING_S:
                self.broken = True
                self._pieces.append((max(self.known, self.start), _offset(self._pending)))
            elif final:
                self.known = self._pending[-1][0]
                self._pending.clear()
            else:
                return


def _offset(marks: list[tuple[int, float]]) -> float:
    """The time of position 0 that the most punctual of the marks implies."""
    return min(at - position / SAMPLE_RATE for position, at in marks)
