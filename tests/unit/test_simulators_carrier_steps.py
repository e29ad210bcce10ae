import pytest

from simulators.carrier.hearing import Hearing
from simulators.carrier.playback import Playback
from simulators.carrier.script import Step
from simulators.carrier.steps import MS, StepRecord, answer_from, cut_by, note_reactions

VOICE, SILENCE = b"\x10", b"\xff"


def said(started_ms: int, ended_ms: int, **expect: bool) -> StepRecord:
    step = Step.model_validate({"say": "a.wav", "text": "A.", "expect": expect})
    return StepRecord(step, started=started_ms * MS, ended=ended_ms * MS)


def played(*stretches: tuple[int, int]) -> Playback:
    playback = Playback()
    for start_ms, length_ms in stretches:
        playback.feed(start_ms * MS, VOICE * length_ms * MS)
    return playback


def noted(records: list[StepRecord], playback: Playback) -> list[StepRecord]:
    note_reactions(records, playback, Hearing(playback))
    return records


def test_a_question_and_its_answer() -> None:
    playback = played((0, 400), (2000, 600), (2900, 100))

    [record] = noted([said(1000, 1500)], playback)

    assert (record.cut, record.answered, record.settled) == (None, 2000 * MS, 3000 * MS)


def test_an_answer_ends_where_the_next_line_begins() -> None:
    playback = played((2000, 500), (5000, 500))

    first, second = noted([said(1000, 1500), said(4000, 4500)], playback)

    assert (first.answered, first.settled) == (2000 * MS, 2500 * MS)
    assert (second.answered, second.settled) == (5000 * MS, 5500 * MS)


def test_a_line_without_an_answer() -> None:
    [record] = noted([said(1000, 1500)], played((0, 400)))

    assert (record.cut, record.answered, record.settled) == (None, None, None)


def test_a_backchannel_makes_the_agent_pause_and_go_on() -> None:
    playback = played((0, 3000))
    playback.clear(1300 * MS)
    playback.feed(1900 * MS, VOICE * 1000 * MS)

    [record] = noted([said(1000, 1400, resumes=True)], playback)

    assert (record.cut, record.answered) == (1300 * MS, 1900 * MS)
    assert record.settled == 2900 * MS


def test_a_backchannel_that_the_agent_talks_over() -> None:
    [record] = noted([said(1000, 1400, resumes=True)], played((0, 3000)))

    assert (record.cut, record.answered, record.settled) == (None, None, 3000 * MS)


def test_an_interruption_cuts_and_is_answered() -> None:
    playback = played((0, 8000))
    playback.clear(2250 * MS)
    playback.feed(4000 * MS, VOICE * 500 * MS)

    [record] = noted([said(2000, 3500, interrupts=True)], playback)

    assert (record.cut, record.answered) == (2250 * MS, 4000 * MS)


@pytest.mark.parametrize(
    ("clear_ms", "cut_ms"),
    [(900, None), (1000, 1000), (2900, 2900), (3001, None)],
    ids=["before the line", "at its start", "soon after", "long after"],
)
def test_only_a_cut_soon_after_a_line_is_its_doing(clear_ms: int, cut_ms: int | None) -> None:
    playback = played((0, 5000))
    playback.clear(clear_ms * MS)

    record = said(1000, 1500)

    assert cut_by(record, playback) == (None if cut_ms is None else cut_ms * MS)


def test_a_clear_that_threw_nothing_away_cuts_nothing() -> None:
    playback = played((0, 500))
    playback.clear(1100 * MS)

    assert cut_by(said(1000, 1500), playback) is None


def test_speech_that_stops_only_after_the_line_is_no_answer() -> None:
    playback = played((0, 8000))
    playback.clear(1700 * MS)

    assert answer_from(said(1000, 1500, interrupts=True), playback) == 1700 * MS
    assert answer_from(said(1000, 1500), played()) == 1500 * MS
    assert answer_from(said(1000, 1500, resumes=True), played()) == 1000 * MS


def test_a_line_that_was_never_said_has_no_reactions() -> None:
    record = StepRecord(Step(say="a.wav", text="A."), missed="the call was over")

    assert noted([record], played((0, 500))) == [record]
    assert record.answered is None
    assert cut_by(record, played((0, 500))) is None
