from pathlib import Path

import pytest

from bench.callers import LoadCall
from bench.process import Side
from bench.tapes import Answers, Span, read_answers
from core import ulaw
from core.clock import ManualClock
from simulators.carrier.load import LoopingCaller
from simulators.carrier.media_stream import MediaStream
from simulators.carrier.messages import StreamIds
from simulators.carrier.speech import frames, read_wav

_LINE = Path(__file__).parents[2] / "examples/front_desk/script/parking.wav"
_SILENCE = bytes([ulaw.SILENCE])


def _call(*, listen_samples: int) -> LoadCall:
    """A caller who has spoken once and then listened."""
    line = read_wav(_LINE)
    line = line[: len(line) // 160 * 160]
    caller = LoopingCaller(frames(line), listen_seconds=5)
    caller.spoken.append((8_000, 8_000 + len(line)))
    call = LoadCall(caller)
    call.stream = MediaStream(
        "ws://127.0.0.1", StreamIds("AC", "CA", "MZ"), {}, clock=ManualClock()
    )
    call.tape.sent_ulaw += _SILENCE * 8_000 + line + _SILENCE * listen_samples
    return call


async def _answers(side: Side, call: LoadCall, since: int = 0) -> Answers:
    return await read_answers(side, [Span(call, since, len(call.tape.sent_ulaw))])


@pytest.mark.parametrize("side", list(Side))
async def test_the_detectors_endpoint_explains_most_of_what_callers_wait(side: Side) -> None:
    call = _call(listen_samples=40_000)
    end = call.utterances[0][1]
    call.tape.playback.feed(end + 4_800, bytes(800))
    found = await _answers(side, call)
    assert (found.turns, len(found.voice_to_voice)) == (1, 1)
    (latency,), (overhead,) = found.voice_to_voice, found.overhead
    assert 600 < latency < 800
    # Services of 200 to 250 ms, a silence of about 200 ms, and the detector's own tail.
    assert latency - 600 < overhead < latency - 400


async def test_audio_that_plays_before_the_turn_can_have_ended_answers_another() -> None:
    call = _call(listen_samples=40_000)
    call.tape.playback.feed(call.utterances[0][1] + 160, bytes(800))
    found = await _answers(Side.CALLSURE, call)
    assert (found.turns, found.overhead) == (1, [])


async def test_turns_that_can_still_be_answered_do_not_count_yet() -> None:
    call = _call(listen_samples=16_000)
    assert (await _answers(Side.CALLSURE, call)).turns == 0


async def test_turns_from_before_the_measurement_do_not_count() -> None:
    call = _call(listen_samples=40_000)
    assert (await _answers(Side.CALLSURE, call, since=8_001)).turns == 0
