import dataclasses
import math

import pytest

from bench.outcome import Level, Trial, Tried
from bench.process import Side
from bench.results import Aim, Comparison, compare, logged_overhead
from bench.tapes import Answers


def _trial(side: Side, cpu: float, carried: int, overhead: float = 10.0) -> Trial:
    levels = [
        Level(
            calls=calls,
            cpu_per_call=cpu,
            rss=100_000_000 + calls * 2_000_000,
            input_lateness=[1.0, 2.0],
            send_lateness_p99=0.5,
            answers=Answers(2, [500.0], [overhead]),
            waterfall=[420.0, 430.0],
        )
        for calls in (1, 10)
    ]
    tried = [Tried(carried, 40.0, 60.0), Tried(carried + 2, 60.0, 80.0), Tried(99, 70.0, 90.0)]
    return Trial(side, levels, tried, [200.0, 210.0, 260.0])


def test_sides_are_compared_by_the_medians_of_their_trials() -> None:
    trials = [
        *(_trial(Side.CALLSURE, cpu, 30) for cpu in (0.02, 0.03, 0.2)),
        *(_trial(Side.STOCK, cpu, 12) for cpu in (0.06, 0.05, 0.07)),
    ]
    lines = {line.name: line for line in compare(trials)}
    cpu = lines["processor per call, 10 calls"]
    assert [cpu.callsure, cpu.stock] == pytest.approx([3.0, 6.0])
    assert list(cpu.callsure_range) == pytest.approx([2.0, 20.0])
    assert cpu.ratio == pytest.approx(0.5)
    assert lines["calls a core carries, p99 ≤ 60 ms"].ratio == 2.5
    assert lines["calls a core carries, p95 ≤ 60 ms"].callsure == 32
    assert lines["memory per further call"].callsure == pytest.approx(2.0)
    assert lines["barge-in: voice to clear"].callsure == 210.0
    assert lines["turns answered in 4 s, 1 call"].stock == 50.0


def test_an_aim_is_about_the_figure_or_about_the_ratio() -> None:
    assert Aim(25).met(25.0, 9.0)
    assert not Aim(25).met(25.1, 0.1)
    assert Aim(1.5, at_least=True, of_ratio=True).met(1.0, 1.5)
    assert not Aim(0.2, of_ratio=True).met(0.0, 0.21)


def test_what_was_not_measured_meets_no_aim() -> None:
    assert not Aim(25).met(math.nan, math.nan)
    assert not Aim(1.5, at_least=True, of_ratio=True).met(math.nan, math.nan)


def test_a_side_that_carries_nothing_is_surpassed_by_any_figure() -> None:
    line = Comparison("", "", 20.0, 0.0, (20.0, 20.0), (0.0, 0.0))
    assert line.ratio == math.inf
    assert math.isnan(dataclasses.replace(line, callsure=0.0).ratio)


def test_the_logs_own_overhead_leaves_out_the_waits() -> None:
    trials = [_trial(Side.CALLSURE, 0.02, 30), _trial(Side.STOCK, 0.05, 10)]
    assert logged_overhead(trials, 400.0) == pytest.approx(25.0)
