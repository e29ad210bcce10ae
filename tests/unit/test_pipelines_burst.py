from hypothesis import given
from hypothesis import strategies as st

from pipelines.burst import Burst
from pipelines.line import SAMPLE_RATE

MARKS = list(range(2400, 16_001, 800))


def _placed(marks: list[tuple[int, float]], end: int) -> list[tuple[int, int, float]]:
    burst = Burst(0, 9.9)
    for position, at in marks:
        burst.marked(position, at)
    burst.finish(end)
    return list(burst.placed(0, end))


def test_without_marks_a_burst_lies_where_it_was_sent() -> None:
    assert _placed([], 800) == [(0, 800, 9.9)]


def test_the_most_punctual_mark_places_the_burst() -> None:
    late = {2400: 0.0, 3200: 0.012}
    marks = [(p, 10 + p / SAMPLE_RATE + late.get(p, 0.004)) for p in MARKS]
    assert _placed(marks, 16_000) == [(0, 16_000, 10.0)]


def test_a_delay_of_ours_breaks_nothing() -> None:
    stalled = [(p, max(10 + p / SAMPLE_RATE, 10.71)) for p in MARKS]  # all at once, after 310 ms
    marks = [(p, t if 3200 <= p <= 5600 else 10 + p / SAMPLE_RATE) for p, t in stalled]
    assert _placed(marks, 16_000) == [(0, 16_000, 10.0)]


def test_a_carrier_that_ran_dry_plays_on_later() -> None:
    marks = [(p, 10 + p / SAMPLE_RATE + (0.12 if p > 4800 else 0)) for p in MARKS]
    pieces = _placed(marks, 16_000)
    assert [(start, end) for start, end, _ in pieces] == [(0, 4800), (4800, 16_000)]
    assert abs(pieces[1][2] - (10 + 4800 / SAMPLE_RATE + 0.12)) < 1e-6


def test_nothing_is_placed_while_a_break_may_be_a_delay() -> None:
    burst = Burst(0, 9.9)
    for position in MARKS[:4]:
        burst.marked(position, 10 + position / SAMPLE_RATE)
    before = burst.known
    for position in MARKS[4:6]:
        burst.marked(position, 10.2 + position / SAMPLE_RATE)
    assert burst.known == before == MARKS[3]
    burst.marked(MARKS[6], 10.2 + MARKS[6] / SAMPLE_RATE)
    assert burst.known == MARKS[6]
    assert burst.broken


def test_a_first_place_that_was_late_is_put_right_by_the_next_punctual_mark() -> None:
    marks = [(p, 10 + p / SAMPLE_RATE + (0.05 if p <= 3200 else 0)) for p in MARKS]
    pieces = _placed(marks, 16_000)
    assert pieces[0][2] == 10.05
    assert abs(pieces[-1][2] - (10 + pieces[-1][0] / SAMPLE_RATE)) < 1e-9


@given(st.lists(st.floats(0, 0.017), min_size=len(MARKS), max_size=len(MARKS)))
def test_jitter_never_moves_a_burst_by_more_than_itself(jitter: list[float]) -> None:
    marks = [(p, 10 + p / SAMPLE_RATE + j) for p, j in zip(MARKS, jitter, strict=True)]
    pieces = _placed(marks, 16_000)
    for start, _, time in pieces:
        assert 10.0 <= time - start / SAMPLE_RATE + 1e-9 <= 10.018
