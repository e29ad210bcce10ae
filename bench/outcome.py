"""What trials found, before it is compared."""

from dataclasses import dataclass, field

from bench.figures import median, percentile, slope
from bench.process import Side
from bench.tapes import Answers


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


@dataclass(slots=True)
class Trial:
    """Everything that one server showed."""

    side: Side
    levels: list[Level] = field(default_factory=list)
    barge_in: list[float] = field(default_factory=list)
    carried: int = 0

    @property
    def memory_per_call(self) -> float:
        """Bytes of resident memory for each further call."""
        return slope([(level.calls, level.rss) for level in self.levels])


def summary(level: Level) -> dict[str, float]:
    """The main figures of a level, for the progress lines."""
    figures = {
        "calls": level.calls,
        "cpu_percent_per_call": level.cpu_per_call * 100,
        "rss_mb": level.rss / 1e6,
        "input_p99_ms": percentile(level.input_lateness, 99),
        "send_p99_ms": level.send_lateness_p99,
        "voice_to_voice_ms": median(level.answers.voice_to_voice),
        "overhead_ms": median(level.answers.overhead),
    }
    return {name: round(value, 1) for name, value in figures.items()}
