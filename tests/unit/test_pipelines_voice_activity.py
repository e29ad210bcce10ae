from hypothesis import given
from hypothesis import strategies as st

from pipelines.voice_activity import (
    WINDOW,
    SpeechOnset,
    SpeechPause,
    SpeechResumed,
    SpeechStop,
    VoiceActivity,
    VoiceEvent,
)


def _run(pattern: str) -> list[tuple[int, VoiceEvent]]:
    """Feed one window a character: ``#`` voice, ``.`` silence."""
    activity = VoiceActivity()
    events: list[tuple[int, VoiceEvent]] = []
    for index, char in enumerate(pattern):
        found = activity.feed(index * WINDOW, 0.95 if char == "#" else 0.02)
        events += [(index, event) for event in found]
    return events


def test_onset_is_dated_back_to_where_the_voice_began() -> None:
    assert _run("...####") == [(6, SpeechOnset(3 * WINDOW))]


def test_a_click_is_no_speech() -> None:
    assert _run("..###....#....##..") == []


def test_a_pause_comes_before_the_stop_and_both_know_where_speech_ended() -> None:
    events = _run("######......")
    assert events == [
        (3, SpeechOnset(0)),
        (8, SpeechPause(6 * WINDOW)),
        (11, SpeechStop(6 * WINDOW)),
    ]


def test_a_voice_that_comes_back_resumes() -> None:
    events = [event for _, event in _run("######....##......")]
    assert events == [
        SpeechOnset(0),
        SpeechPause(6 * WINDOW),
        SpeechResumed(),
        SpeechPause(12 * WINDOW),
        SpeechStop(12 * WINDOW),
    ]


@given(st.text("#.", max_size=120))
def test_every_speech_has_one_onset_and_at_most_one_stop(pattern: str) -> None:
    speaking = False
    for _, event in _run(pattern):
        if isinstance(event, SpeechOnset):
            assert not speaking
            speaking = True
        elif isinstance(event, SpeechStop):
            assert speaking
            speaking = False
        else:
            assert speaking
