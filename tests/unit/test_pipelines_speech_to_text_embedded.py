from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pipecat.frames.frames import CancelFrame, ErrorFrame, InputAudioRawFrame, TranscriptionFrame

from core.clock import ManualClock
from pipelines.context import CallContext
from pipelines.frames import (
    DecodeRequestFrame,
    SpeechPausedFrame,
    SpeechResumedFrame,
    SpeechStartedFrame,
    TurnOverFrame,
)
from pipelines.speech_to_text.embedded import EmbeddedSTT
from tests.unit.stage import Stage
from tests.unit.toy_speech import WORD, ToyHost, Words, joined, silence

DECODING_S = 0.11


@dataclass
class Recogniser:
    """The recogniser of one call, and how far the line has come."""

    stage: Stage
    clock: ManualClock
    words: Words
    host: ToyHost
    position: int = 0

    async def hear(self, *audio: bytes) -> None:
        pcm = joined(audio)
        for at in range(0, len(pcm), 256):
            frame = InputAudioRawFrame(pcm[at : at + 256].tobytes(), 8000, 1)
            frame.metadata["start"] = self.position + at
            await self.stage.send(frame)
        self.position += len(pcm)

    async def says(self, text: str) -> None:
        """The caller says something, and pauses."""
        onset, audio = self.position, self.words.ulaw(text)
        await self.hear(audio[:1024])  # it takes so much to tell that this is speech
        await self.stage.send(SpeechStartedFrame(onset=onset))
        await self.hear(audio[1024:])
        await self.pauses()

    async def pauses(self) -> None:
        end = self.position
        await self.hear(silence(0.128))
        await self.stage.send(SpeechPausedFrame(speech_end=end))

    @property
    def texts(self) -> list[str]:
        return [frame.text for frame in self.stage.down(TranscriptionFrame)]


@pytest.fixture
async def recogniser(clock: ManualClock, context: CallContext) -> AsyncIterator[Recogniser]:
    words = Words()
    host = ToyHost(clock, {"moonshine": words})
    async with Stage(EmbeddedSTT(host, context)) as stage:
        yield Recogniser(stage, clock, words, host)


async def test_a_pause_brings_the_words_with_how_sure_they_are(recogniser: Recogniser) -> None:
    await recogniser.hear(silence(2))
    await recogniser.says("When do you open?")
    await recogniser.clock.advance(DECODING_S)
    (frame,) = recogniser.stage.down(TranscriptionFrame)
    assert frame.text == "When do you open?"
    assert frame.finalized
    assert frame.metadata == {"whole_turn": True, "confidence": 0.9}


async def test_speech_that_goes_on_drops_the_decode(recogniser: Recogniser) -> None:
    await recogniser.says("I would")
    await recogniser.stage.send(SpeechResumedFrame())
    await recogniser.clock.advance(1)
    assert recogniser.host.runs == ["transcribe"]
    assert recogniser.texts == []


async def test_each_pause_decodes_the_whole_turn_anew(recogniser: Recogniser) -> None:
    await recogniser.says("I would")
    await recogniser.clock.advance(DECODING_S)
    await recogniser.says("like that")  # a stop of the voice is not the end of the turn
    await recogniser.clock.advance(DECODING_S)
    assert recogniser.texts == ["I would", "I would like that"]


async def test_what_belongs_to_an_earlier_turn_is_not_heard_again(recogniser: Recogniser) -> None:
    await recogniser.says("First")
    await recogniser.clock.advance(DECODING_S)
    await recogniser.stage.send(TurnOverFrame(), up=True)
    await recogniser.hear(silence(0.5))
    await recogniser.says("second")
    await recogniser.clock.advance(DECODING_S)
    assert recogniser.texts == ["First", "second"]


async def test_a_turn_that_is_over_is_decoded_no_more(recogniser: Recogniser) -> None:
    await recogniser.says("First")
    await recogniser.stage.send(TurnOverFrame(), up=True)
    await recogniser.stage.send(DecodeRequestFrame(), up=True)
    await recogniser.clock.advance(1)
    assert recogniser.texts == []


async def test_a_long_turn_is_committed_piece_by_piece(recogniser: Recogniser) -> None:
    first = " ".join(f"one{n}" for n in range(52))  # 15.6 s
    await recogniser.says(first)
    await recogniser.clock.advance(DECODING_S)
    await recogniser.says("and more")
    await recogniser.clock.advance(DECODING_S)
    assert recogniser.texts == [first, f"{first} and more"]
    assert len(recogniser.stage.processor._audio) < 3 * WORD  # type: ignore[attr-defined]


async def test_a_cough_behind_a_long_piece_makes_no_noise_of_it(recogniser: Recogniser) -> None:
    first = " ".join(f"one{n}" for n in range(52))
    await recogniser.says(first)
    await recogniser.clock.advance(DECODING_S)
    await recogniser.says("[cough]")
    await recogniser.clock.advance(DECODING_S)
    frame = recogniser.stage.down(TranscriptionFrame)[-1]
    assert frame.text.startswith(first)
    assert frame.metadata["confidence"] == 0.9


async def test_a_turn_without_a_pause_is_decoded_in_pieces(recogniser: Recogniser) -> None:
    text = " ".join(f"one{n}" for n in range(90))  # 27 s
    await recogniser.says(text)
    await recogniser.clock.advance(2 * DECODING_S)
    await recogniser.clock.advance(DECODING_S)
    await recogniser.says("the end")
    await recogniser.clock.advance(DECODING_S)
    whole = recogniser.texts[-1].split()
    assert len(set(text.split()) - set(whole)) <= 1  # where the pieces meet
    assert whole[-2:] == ["the", "end"]
    assert len(whole) <= 93


async def test_a_request_is_answered_with_what_is_not_final(recogniser: Recogniser) -> None:
    await recogniser.hear(recogniser.words.ulaw("Actually do"))
    await recogniser.stage.send(SpeechStartedFrame(onset=0))
    await recogniser.stage.send(DecodeRequestFrame(), up=True)
    await recogniser.clock.advance(DECODING_S)
    (frame,) = recogniser.stage.down(TranscriptionFrame)
    assert (frame.text, frame.finalized) == ("Actually do", False)


async def test_in_a_long_silence_only_what_a_turn_may_begin_with_is_kept(
    recogniser: Recogniser,
) -> None:
    await recogniser.hear(silence(30))
    assert len(recogniser.stage.processor._audio) <= 2.5 * 8000  # type: ignore[attr-defined]


async def test_an_onset_that_takes_its_time_to_be_told_loses_no_word(
    recogniser: Recogniser,
) -> None:
    await recogniser.hear(silence(5))
    onset = recogniser.position
    await recogniser.hear(recogniser.words.ulaw("one two three four five six"))  # 1.8 s
    await recogniser.stage.send(SpeechStartedFrame(onset=onset))
    await recogniser.pauses()
    await recogniser.clock.advance(DECODING_S)
    assert recogniser.texts == ["one two three four five six"]


async def test_a_hole_in_the_line_moves_no_word(recogniser: Recogniser) -> None:
    await recogniser.hear(silence(1))
    recogniser.position += 60 * 8000
    await recogniser.hear(silence(0.5))
    await recogniser.says("Are you there?")
    await recogniser.clock.advance(DECODING_S)
    assert recogniser.texts == ["Are you there?"]


async def test_a_hole_in_a_turn_loses_nothing_before_it(recogniser: Recogniser) -> None:
    await recogniser.says("I would")
    recogniser.position += 3 * 8000
    await recogniser.says("like that")
    await recogniser.clock.advance(DECODING_S)
    assert recogniser.texts == ["I would like that"]


async def test_a_model_that_fails_fails_one_decode(recogniser: Recogniser) -> None:
    recogniser.host.broken["transcribe"] = RuntimeError("out of memory")
    await recogniser.says("First")
    await recogniser.clock.advance(DECODING_S)
    recogniser.host.broken.clear()
    await recogniser.says("second")
    await recogniser.clock.advance(DECODING_S)
    assert recogniser.texts == ["First second"]
    (error,) = recogniser.stage.up(ErrorFrame)
    assert "out of memory" in error.error


async def test_a_call_that_ends_decodes_nothing_more(recogniser: Recogniser) -> None:
    await recogniser.says("First")
    await recogniser.stage.send(CancelFrame())
    await recogniser.clock.advance(1)
    assert recogniser.texts == []
