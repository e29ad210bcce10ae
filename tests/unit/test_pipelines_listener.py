from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
from pipecat.frames.frames import CancelFrame, InputAudioRawFrame

from core import ulaw
from core.clock import ManualClock
from pipelines.context import CallContext
from pipelines.frames import (
    CallerGoneFrame,
    EndOfTurnVerdictFrame,
    SpeechPausedFrame,
    SpeechResumedFrame,
    SpeechStartedFrame,
    SpeechStoppedFrame,
)
from pipelines.line import LineAudio, LineClosed, LineEvent, LineMark
from pipelines.listener import Hearing, LineHandlers, Listener
from pipelines.recorder import Recorder
from pipelines.voice_activity import VoiceActivity
from storage.events import DigitPressed, ProviderFailed
from tests.unit.phone_line import FRAME, PhoneLine
from tests.unit.stage import Stage, settle
from tests.unit.toy_speech import ToyEndOfTurn, ToyHost, ToyVoices, Words, silence


@dataclass
class Ear:
    """A listener on a line, and what it told whom."""

    line: PhoneLine
    words: Words
    host: ToyHost
    listener: Listener
    stage: Stage
    told: list[LineEvent] = field(default_factory=list)

    @property
    def heard(self) -> bytes:
        """The audio that went down the pipeline."""
        frames = self.stage.down(InputAudioRawFrame)
        return b"".join(ulaw.encode(np.frombuffer(f.audio, np.int16)) for f in frames)

    async def arrive(self, start: int, audio: bytes) -> None:
        """One message of audio from somebody else's clock."""
        self.line.arriving.put_nowait(LineAudio(start, audio))
        await settle()


@pytest.fixture
async def ear(clock: ManualClock, context: CallContext) -> AsyncIterator[Ear]:
    async with _ear(clock, context) as ear:
        yield ear


@asynccontextmanager
async def _ear(clock: ManualClock, context: CallContext) -> AsyncIterator[Ear]:
    words, line, host = Words(), PhoneLine(clock), ToyHost(clock, {})
    told: list[LineEvent] = []

    async def tell(event: LineEvent) -> None:
        told.append(event)

    hearing = Hearing(ToyVoices().open(), ToyEndOfTurn(host, words), VoiceActivity())
    recorder = Recorder(None, context.timeline)
    listener = Listener(context, line, hearing, recorder, LineHandlers(tell, tell))
    async with Stage(listener) as stage:
        yield Ear(line, words, host, listener, stage, told)


async def test_a_word_begins_pauses_and_stops_where_its_samples_do(ear: Ear) -> None:
    ear.line.say(silence(0.512) + ear.words.ulaw("Hello?"))
    await ear.line.run(1.5)
    (started,) = ear.stage.down(SpeechStartedFrame)
    (paused,) = ear.stage.down(SpeechPausedFrame)
    (stopped,) = ear.stage.down(SpeechStoppedFrame)
    end = 4096 + 2400
    assert started.onset == 4096
    assert 0 <= paused.speech_end - end < 256
    assert stopped.speech_end == paused.speech_end


async def test_a_short_pause_is_no_stop(ear: Ear) -> None:
    ear.line.say(ear.words.ulaw("One") + silence(0.15) + ear.words.ulaw("two"))
    await ear.line.run(1.5)
    assert len(ear.stage.down(SpeechStartedFrame)) == 1
    assert len(ear.stage.down(SpeechPausedFrame)) == 2
    assert len(ear.stage.down(SpeechResumedFrame)) == 1
    assert len(ear.stage.down(SpeechStoppedFrame)) == 1


async def test_a_complete_turn_is_judged_once(ear: Ear) -> None:
    ear.line.say(ear.words.ulaw("Hello there."))
    await ear.line.run(2)
    (verdict,) = ear.stage.down(EndOfTurnVerdictFrame)
    assert verdict.complete
    assert verdict.speech_end == ear.stage.down(SpeechPausedFrame)[0].speech_end


async def test_silence_that_goes_on_is_judged_again(ear: Ear) -> None:
    ear.line.say(ear.words.ulaw("Hello, well,"))
    await ear.line.run(2)
    verdicts = ear.stage.down(EndOfTurnVerdictFrame)
    assert [verdict.complete for verdict in verdicts] == [False, False, False]
    assert ear.host.runs == ["end_of_turn"] * 3


async def test_a_verdict_that_the_voice_overtook_is_not_told(ear: Ear) -> None:
    # The voice is back 32 ms after the pause, before the model is done.
    ear.line.say(ear.words.ulaw("One") + silence(0.13) + ear.words.ulaw("two"))
    await ear.line.run(0.7)
    assert ear.host.runs == ["end_of_turn"]
    assert ear.stage.down(EndOfTurnVerdictFrame) == []


async def test_a_repeated_frame_is_heard_once(ear: Ear) -> None:
    for start in (0, FRAME, FRAME, 0, 2 * FRAME, 3 * FRAME):
        await ear.arrive(start, bytes([start // FRAME]) * FRAME)
    assert ear.heard == b"".join(bytes([n]) * FRAME for n in range(4))[:512]


async def test_a_frame_that_comes_a_little_early_by_its_number_loses_only_the_overlap(
    ear: Ear,
) -> None:
    await ear.arrive(0, b"\x01" * FRAME)
    await ear.arrive(FRAME - 8, b"\x02" * FRAME)
    await ear.arrive(2 * FRAME - 8, b"\x03" * 3 * FRAME)
    assert ear.heard == (b"\x01" * FRAME + b"\x02" * (FRAME - 8) + b"\x03" * 480)[:768]


async def test_a_hole_is_filled_with_silence(ear: Ear) -> None:
    await ear.arrive(0, b"\x01" * FRAME)
    await ear.arrive(3 * FRAME, b"\x02" * 2 * FRAME)
    assert ear.heard == (b"\x01" * FRAME + silence(0.04) + b"\x02" * 2 * FRAME)[:768]


async def test_behind_a_long_hole_positions_are_the_line_s_again(ear: Ear) -> None:
    await ear.arrive(0, silence(0.1))
    far = 60 * 8000
    for n in range(40):
        await ear.arrive(far + n * FRAME, b"\x01" * FRAME)
    (started,) = ear.stage.down(SpeechStartedFrame)
    assert started.onset == far
    assert len(ear.heard) < 8000


async def test_marks_digits_and_the_end_reach_whom_they_concern(
    ear: Ear, context: CallContext
) -> None:
    ear.line.press("7")
    ear.line.arriving.put_nowait(LineMark("m1"))
    ear.line.close()
    await settle()
    assert ear.told == [LineMark("m1"), LineClosed("hangup")]
    assert [event.body for event in context.log.events] == [DigitPressed("7")]


async def test_finishing_in_mid_word_counts_it_as_said(ear: Ear) -> None:
    ear.line.say(ear.words.ulaw("Hello there"))
    await ear.line.run(0.4)
    assert await ear.listener.finish()
    (paused,) = ear.stage.down(SpeechPausedFrame)
    assert 0.3 * 8000 < paused.speech_end <= 0.4 * 8000
    assert len(ear.stage.down(CallerGoneFrame)) == 1


async def test_finishing_in_silence_says_only_that_the_caller_is_gone(ear: Ear) -> None:
    await ear.line.run(0.4)
    assert not await ear.listener.finish()
    assert ear.stage.down(SpeechPausedFrame) == []
    assert len(ear.stage.down(CallerGoneFrame)) == 1


async def test_nothing_is_heard_once_the_pipeline_was_cancelled(ear: Ear) -> None:
    await ear.line.run(0.2)
    await ear.stage.send(CancelFrame())
    before = len(ear.heard)
    ear.line.say(ear.words.ulaw("Hello?"))
    await ear.line.run(0.5)
    assert len(ear.heard) == before


async def test_a_detector_that_fails_hears_silence_and_is_logged_once(
    ear: Ear, context: CallContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> list[float]:
        raise RuntimeError("no memory")

    with monkeypatch.context() as patch:
        patch.setattr("tests.unit.toy_speech._ToyStream.confidences", fail)
        ear.line.say(ear.words.ulaw("Nobody hears this."))
        await ear.line.run(1.5)
    failed = ProviderFailed("voice_activity", "embedded", "model_failed", "RuntimeError")
    assert [event.body for event in context.log.events] == [failed]
    assert ear.stage.down(SpeechStartedFrame) == []
    ear.line.say(ear.words.ulaw("But this."))
    await ear.line.run(1)
    assert len(ear.stage.down(SpeechStartedFrame)) == 1
