"""The call's audio timeline against the machine's clock, as a pure function of arrivals."""

from pipelines.line import SAMPLE_RATE

_WINDOW_S = 10.0


class Timeline:
    """Maps monotonic seconds to samples of the caller's audio, and back.

    The frame that travelled fastest defines the clock: network and scheduling can only delay.
    The minimum is taken over the last 10 to 20 s, so that clocks which drift apart are followed.

    Args:
        base_ms: Position on the call's timeline of this leg's first sample.
    """

    def __init__(self, base_ms: int = 0) -> None:
        self.base_ms = base_ms
        self._origin: float | None = None
        self._previous: float | None = None
        self._current: float | None = None
        self._window_end = 0.0

    @property
    def started(self) -> bool:
        """Whether any audio has arrived."""
        return self._origin is not None

    def arrived(self, start: int, now: float) -> None:
        """Note that the frame whose first sample is ``start`` arrived at ``now`` (seconds)."""
        origin = now - start / SAMPLE_RATE
        if self._current is None or now >= self._window_end:
            self._previous, self._current = self._current, origin
            self._window_end = now + _WINDOW_S
        elif origin < self._current:
            self._current = origin
        self._origin = (
            self._current if self._previous is None else min(self._current, self._previous)
        )

    def sample_at(self, now: float) -> int:
        """The caller's sample that is due at ``now``; 0 before any audio."""
        return 0 if self._origin is None else round((now - self._origin) * SAMPLE_RATE)

    def time_of(self, sample: int) -> float:
        """The monotonic second at which ``sample`` was due."""
        return (self._origin or 0.0) + sample / SAMPLE_RATE

    def ms_of(self, sample: int) -> int:
        """A sample of this leg as milliseconds on the call's timeline."""
        return self.base_ms + round(sample * 1000 / SAMPLE_RATE)

    def ms_at(self, now: float) -> int | None:
        """``now`` as milliseconds on the call's timeline; None before media."""
        return None if self._origin is None else self.ms_of(self.sample_at(now))
