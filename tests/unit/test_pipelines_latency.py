from hypothesis import given
from hypothesis import strategies as st

from pipelines.latency import Stage, Waterfalls
from storage.events import LatencyMeasured

ORDER = list(Stage)


def reached(falls: Waterfalls, turn: int, **at: float) -> None:
    for stage, seconds in at.items():
        falls.reached(turn, Stage(stage), seconds)


def test_a_waterfall_counts_from_the_caller_s_last_voiced_sample() -> None:
    falls = Waterfalls()
    reached(falls, 1, speech_end=10.0, transcript=10.15, end_of_turn=10.2, passages=10.21)
    reached(falls, 1, first_text=10.25, first_audio=10.3)
    assert falls.measure(1) == LatencyMeasured(1, 200, 200, 210, 250, 300)


def test_a_stage_that_nothing_reached_took_no_time() -> None:
    falls = Waterfalls()
    reached(falls, 1, speech_end=10.0, end_of_turn=10.2, first_audio=10.3)
    assert falls.measure(1) == LatencyMeasured(1, 200, 200, 200, 200, 300)


def test_speech_that_answers_nothing_has_no_waterfall() -> None:
    falls = Waterfalls()
    reached(falls, 0, first_text=10.25, first_audio=10.3)
    assert falls.measure(0) is None
    assert falls.measure(7) is None


def test_the_first_time_of_a_stage_counts() -> None:
    falls = Waterfalls()
    reached(falls, 1, speech_end=10.0, first_text=10.1)
    reached(falls, 1, first_text=10.9, first_audio=10.2)
    measured = falls.measure(1)
    assert measured is not None
    assert measured.first_text_ms == 100


def test_a_waterfall_is_measured_once() -> None:
    falls = Waterfalls()
    reached(falls, 1, speech_end=10.0, first_audio=10.2)
    assert falls.measure(1) is not None
    assert falls.measure(1) is None


def test_turns_that_were_never_answered_are_forgotten() -> None:
    falls = Waterfalls()
    for turn in range(100):
        reached(falls, turn, speech_end=float(turn))
    reached(falls, 0, first_audio=200.0)
    assert falls.measure(0) is None
    assert len(falls._turns) <= 8


@given(st.dictionaries(st.sampled_from(ORDER), st.floats(0, 5)))
def test_stages_never_go_back_and_add_up_to_the_whole(at: dict[Stage, float]) -> None:
    falls = Waterfalls()
    at = {Stage.SPEECH_END: 0.0, Stage.FIRST_AUDIO: 5.0, **at}
    for stage, seconds in at.items():
        falls.reached(1, stage, seconds)
    measured = falls.measure(1)
    assert measured is not None
    stages = [
        measured.end_of_turn_ms,
        measured.transcript_ms,
        measured.passages_ms,
        measured.first_text_ms,
        measured.first_audio_ms,
    ]
    assert stages == sorted(stages)
    assert stages[0] >= 0
