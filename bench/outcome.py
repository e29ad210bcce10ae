"""What trials found, before it is compared."""

from dataclasses import dataclass, field

from bench.figures import median, percentile, slope
from bench.process import Side
from bench.tapes import Answers

LIMIT_MS = 60.0
"""Input that is scored later than this disturbs turn-taking: a core that is so late is full."""


@dataclass(slots=True)
class Level:
    """What was measured with a number of calls; latencies in milliseconds."""

    calls: int
    cpu_per_call: float
    rss: int
    input_lateness: list[float]
    send_lateness_p99: float
    answers: Answers = field(default_factory=Answers)
    waterfall: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tried:
    """A level of the search: how late the server's input was, in ms, at two percentiles."""

    calls: int
    p95: float
    p99: float


@dataclass(slots=True)
class Trial:
    """Everything that one server showed."""

    side: Side
    levels: list[Level] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    barge_in: list[float] = field(default_factory=list)

    @property
    def memory_per_call(self) -> float:
        """Bytes of resident memory for each further call."""
        return slope([(level.calls, level.rss) for level in self.levels])

    def carried(self, percent: int) -> int:
        """The most calls at which that percentile of the input lateness, 95 or 99, was in time."""
        levels = [tried(level) for level in self.levels] + self.tried
        return max((t.calls for t in levels if getattr(t, f"p{percent}") <= LIMIT_MS), default=0)


def tried(level: Level) -> Tried:
    """What the search keeps of a measurement."""
    late = level.input_lateness
    return Tried(level.calls, percentile(late, 95), percentile(late, 99))


def summary(level: Level) -> dict[str, float]:
    """The main figures of a level, for the progress lines."""
    figures = {
        "calls": level.calls,
        "cpu_percent_per_call": level.cpu_per_call * 100,
        "rss_mb": level.rss / 1e6,
        "input_p95_ms": percentile(level.input_lateness, 95),
        "input_p99_ms": percentile(level.input_lateness, 99),
        "send_p99_ms": level.send_lateness_p99,
        "voice_to_voice_ms": median(level.answers.voice_to_voice),
        "overhead_ms": median(level.answers.overhead),
    }
    return {name: round(value, 1) for name, value in figures.items()}
