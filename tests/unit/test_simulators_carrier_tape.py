import numpy as np
import pytest

from core import ulaw
from simulators.carrier.tape import AgentStretch, HungUpBy, Tape


def test_both_channels_have_one_timeline() -> None:
    tape = Tape()
    tape.sent_ulaw += b"\x20" * 160 + b"\xff" * 320
    tape.playback.feed(100, b"\x10" * 60)
    tape.playback.feed(600, b"\x11" * 40)

    sent, played = tape.sent, tape.played

    assert len(sent) == len(played) == tape.length == 640
    assert sent.dtype == played.dtype == np.int16
    assert np.array_equal(np.flatnonzero(sent), np.arange(160))
    assert np.array_equal(np.flatnonzero(played), [*range(100, 160), *range(600, 640)])
    assert set(played[100:160]) == set(ulaw.decode(b"\x10"))


def test_an_empty_tape() -> None:
    assert Tape().length == 0
    assert Tape().stretches == ()
    assert Tape().played.size == 0


@pytest.mark.parametrize(
    ("gap", "count"), [(0, 1), (2400, 1), (2401, 2)], ids=["none", "300 ms", "longer"]
)
def test_short_gaps_do_not_part_a_stretch(gap: int, count: int) -> None:
    tape = Tape()
    tape.playback.feed(0, b"\x10" * 160)
    tape.playback.feed(160 + gap, b"\x10" * 160)

    assert len(tape.stretches) == count
    assert tape.stretches[-1].end_sample == 320 + gap


def test_a_cut_always_ends_a_stretch() -> None:
    tape = Tape()
    tape.playback.feed(0, b"\x10" * 1000)
    tape.playback.clear(500)
    tape.playback.feed(510, b"\x10" * 100)

    assert tape.stretches == (AgentStretch(0, 500, cut=True), AgentStretch(510, 610, cut=False))


@pytest.mark.parametrize(
    ("by", "code", "goes_on"),
    [
        (HungUpBy.SOCKET, 1000, True),
        (HungUpBy.SOCKET, 1008, True),
        (HungUpBy.SOCKET, 1006, False),
        (HungUpBy.REST, 1000, False),
        (HungUpBy.CALLER, None, False),
        (HungUpBy.VANISHED, None, False),
        (HungUpBy.PROTOCOL, None, False),
    ],
)
def test_only_a_socket_closed_in_due_form_lets_the_call_go_on(
    by: HungUpBy, code: int | None, goes_on: bool
) -> None:
    assert Tape(hung_up_by=by, close_code=code).server_closed is goes_on
