from hypothesis import given
from hypothesis import strategies as st

from simulators.carrier.hearing import Hearing, Sound
from simulators.carrier.playback import Playback
from simulators.carrier.speech import FRAME

LOUD = b"\x00" * FRAME
QUIET = b"\xff" * FRAME


def test_only_what_is_audible_counts() -> None:
    playback = Playback()
    hearing = Hearing(playback)
    playback.feed(1000, QUIET + LOUD * 2 + QUIET + LOUD)

    assert hearing.since(0) == [Sound(1160, 1480), Sound(1640, 1800)]


def test_sounds_are_cut_to_the_position_asked_for() -> None:
    playback = Playback()
    hearing = Hearing(playback)
    playback.feed(0, LOUD * 3)

    assert hearing.since(200) == [Sound(200, 480)]
    assert hearing.since(480) == []


def test_what_a_clear_threw_away_was_not_heard() -> None:
    playback = Playback()
    hearing = Hearing(playback)
    playback.feed(0, LOUD * 10)
    assert hearing.since(0) == [Sound(0, 1600)]

    playback.clear(500)
    playback.feed(600, LOUD)

    assert hearing.since(0) == [Sound(0, 500), Sound(600, 760)]


def test_a_run_that_never_played_leaves_nothing() -> None:
    playback = Playback()
    hearing = Hearing(playback)
    playback.feed(0, LOUD)
    playback.feed(400, LOUD)
    assert hearing.since(0) == [Sound(0, 160), Sound(400, 560)]

    playback.clear(400)
    assert hearing.since(0) == [Sound(0, 160)]
    playback.feed(500, LOUD)

    assert hearing.since(0) == [Sound(0, 160), Sound(500, 660)]


steps = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.sampled_from([LOUD, QUIET, LOUD * 3, b"\x00" * 40, None]),
        st.booleans(),
    ),
    max_size=30,
)


@given(steps)
def test_listening_often_or_once_hears_the_same(said: list[tuple[int, bytes | None, bool]]) -> None:
    playback = Playback()
    often, at = Hearing(playback), 0
    for pause, audio, listen in said:
        at += pause
        if audio is None:
            playback.clear(at)
        else:
            playback.feed(at, audio)
        if listen:
            often.since(0)

    # A frame of which a clear left a part is judged by whoever heard it before: ends may differ.
    once = Hearing(playback).since(0)
    heard = often.since(0)
    assert [sound for sound in once if sound not in heard and not _extended(sound, heard)] == []
    assert all(b.start >= a.end for a, b in zip(heard, heard[1:], strict=False))
    assert all(_is_played(playback, sound) for sound in heard)


def _extended(sound: Sound, heard: list[Sound]) -> bool:
    return any(h.start == sound.start and 0 < h.end - sound.end < FRAME for h in heard)


def _is_played(playback: Playback, sound: Sound) -> bool:
    return any(run.start <= sound.start and sound.end <= run.end for run in playback.runs)
