"""The trials of both sides drawn together into figures that can be set side by side. Pure."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.figures import median, percentile
from bench.outcome import LIMIT_MS, Level, Trial
from bench.process import Side

_MB = 1e6


@dataclass(frozen=True, slots=True)
class Aim:
    """What Callsure is to reach: at most or at least ``bound``, of itself or of the ratio."""

    bound: float
    at_least: bool = False
    of_ratio: bool = False

    def met(self, ours: float, ratio: float) -> bool:
        """Whether it was reached."""
        value = ratio if self.of_ratio else ours
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        """As a table shows it."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}{'×' if self.of_ratio else ''}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One line: the median over the trials of each side, the range, and their ratio."""

    name: str
    unit: str
    callsure: float
    stock: float
    callsure_range: tuple[float, float]
    stock_range: tuple[float, float]
    aim: Aim | None = None

    @property
    def ratio(self) -> float:
        """Callsure's figure over the other."""
        if self.stock:
            return self.callsure / self.stock
        return math.inf if self.callsure > 0 else math.nan


Measure = Callable[[Trial], float]


def compare(trials: Sequence[Trial]) -> list[Comparison]:
    """Every line of the comparison, in the order in which it is shown."""
    calls = [level.calls for level in trials[0].levels]
    lines: list[Comparison] = []

    def add(name: str, unit: str, measure: Measure, aim: Aim | None = None) -> None:
        lines.append(_comparison(trials, name, unit, measure, aim))

    for count in calls:
        add(f"voice to voice, {_calls(count)}", "ms", _answers(count, "voice_to_voice"))
    for count in calls:
        aim = Aim(25) if count == 1 else None
        add(f"overhead, {_calls(count)}", "ms", _answers(count, "overhead"), aim)
    for count in calls:
        add(f"turns answered in 4 s, {_calls(count)}", "%", _answered(count))
    add("barge-in: voice to clear", "ms", lambda trial: median(trial.barge_in), Aim(260))
    for count in calls:
        add(f"processor per call, {_calls(count)}", "% of a core", _cpu(count))
    add("memory per further call", "MB", lambda t: t.memory_per_call / _MB, Aim(0.2, of_ratio=True))
    for count in calls:
        add(f"input lateness p99, {_calls(count)}", "ms", _lateness(count))
    for percent in (99, 95):
        name = f"calls a core carries, p{percent} ≤ {LIMIT_MS:g} ms"
        add(name, "", _carried(percent), Aim(1.5, at_least=True, of_ratio=True))
    return lines


def logged_overhead(trials: Sequence[Trial], waits_ms: float) -> float:
    """Callsure's overhead by its own log: first audio behind the speech's end, less the waits."""
    ours = [t.levels[0].waterfall for t in trials if t.side is Side.CALLSURE]
    return median([median(found) for found in ours]) - waits_ms


def _comparison(
    trials: Sequence[Trial], name: str, unit: str, measure: Measure, aim: Aim | None
) -> Comparison:
    values = {side: [measure(t) for t in trials if t.side is side] for side in Side}
    ranges = {
        side: (min(found, default=math.nan), max(found, default=math.nan))
        for side, found in values.items()
    }
    return Comparison(
        name,
        unit,
        median(values[Side.CALLSURE]),
        median(values[Side.STOCK]),
        ranges[Side.CALLSURE],
        ranges[Side.STOCK],
        aim,
    )


def _level(trial: Trial, calls: int) -> Level:
    return next(level for level in trial.levels if level.calls == calls)


def _answers(calls: int, latency: str) -> Measure:
    return lambda trial: median(getattr(_level(trial, calls).answers, latency))


def _answered(calls: int) -> Measure:
    def share(trial: Trial) -> float:
        answers = _level(trial, calls).answers
        return 100 * len(answers.overhead) / answers.turns if answers.turns else math.nan

    return share


def _cpu(calls: int) -> Measure:
    return lambda trial: _level(trial, calls).cpu_per_call * 100


def _lateness(calls: int) -> Measure:
    return lambda trial: percentile(_level(trial, calls).input_lateness, 99)


def _carried(percent: int) -> Measure:
    return lambda trial: float(trial.carried(percent))


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"
