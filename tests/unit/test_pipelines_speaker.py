import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from pipecat.frames.frames import (
    AggregatedTextFrame,
    CancelFrame,
    InterruptionFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
)

from core.clock import ManualClock
from pipelines.context import CallContext
from pipelines.frames import AnswerEndedFrame, AnswerStartedFrame
from pipelines.line import LineMark
from pipelines.recorder import Recorder
from pipelines.speaker import Speaker
from storage.events import (
    AgentSpoke,
    AgentStartedSpeaking,
    Body,
    Interrupted,
    PlaybackPaused,
    PlaybackResumed,
    UtteranceQueued,
)
from tests.unit.phone_line import FRAME, PhoneLine
from tests.unit.stage import Stage, settle
from tests.unit.toy_speech import ToyVoice, Words


@dataclass
class Desk:
    """A speaker on a line, fed as the synthesiser would."""

    stage: Stage
    speaker: Speaker
    line: PhoneLine
    words: Words
    context: CallContext
    goodbyes: list[str] = field(default_factory=list)

    async def say(self, *sentences: str, turn: int = 1, hang_up: bool = False) -> None:
        await self.stage.send(AnswerStartedFrame(turn=turn))
        for sentence in sentences:
            await self.sentence(sentence)
        await self.stage.send(AnswerEndedFrame(turn=turn, hang_up=hang_up))

    async def sentence(self, text: str) -> None:
        announced = AggregatedTextFrame(text, "sentence")
        announced.will_be_spoken = True
        speech = ToyVoice(self.words).speak(text, style=None)  # type: ignore[arg-type]
        audio = TTSAudioRawFrame(speech.pcm, 8000, 1)
        audio.metadata["word_ends_ms"] = speech.word_ends_ms
        await self.stage.send(announced, audio, TTSStoppedFrame())

    async def run(self, seconds: float) -> None:
        """Let time pass on the line; the marks come back to the speaker."""
        for _ in range(round(seconds * 50)):
            await self.line.tick()
            await self.deliver()

    async def deliver(self) -> None:
        while not self.line.arriving.empty():
            event = self.line.arriving.get_nowait()
            if isinstance(event, LineMark):
                await self.speaker.mark_returned(event)
            elif (start := getattr(event, "start", None)) is not None:
                self.context.timeline.arrived(start, self.context.clock.monotonic())
        await settle()

    async def deciding(self, decision: asyncio.Task[None]) -> None:
        """Let a decision be carried out, with what the carrier answers."""
        await settle()
        await self.deliver()
        await self.run(0.3)
        await decision

    def log(self, *kinds: type[Body]) -> list[Body]:
        bodies = [event.body for event in self.context.log.events]
        return [body for body in bodies if not kinds or isinstance(body, kinds)]

    @property
    def heard(self) -> str:
        return self.words.read(bytes(self.line.heard), least=1200)


@pytest.fixture
async def desk(clock: ManualClock, context: CallContext) -> AsyncIterator[Desk]:
    line, words = PhoneLine(clock), Words()
    goodbyes: list[str] = []

    async def goodbye() -> None:
        goodbyes.append(words.read(bytes(line.heard), least=1200))

    speaker = Speaker(context, line, Recorder(None, context.timeline), goodbye)
    async with Stage(speaker) as stage:
        desk = Desk(stage, speaker, line, words, context, goodbyes)
        await desk.run(0.2)
        yield desk


async def test_an_answer_is_played_and_logged_as_it_was(desk: Desk) -> None:
    await desk.say("We open at nine.", "Every day.")
    assert desk.speaker.busy
    await desk.run(2.5)
    assert desk.heard == "We open at nine. Every day."
    assert not desk.speaker.busy
    started, first, second, spoke = desk.log()
    assert started == AgentStartedSpeaking(1)
    assert first == UtteranceQueued(1, 0, "We open at nine.", 1200, (300, 600, 900, 1200))
    assert second == UtteranceQueued(1, 1, "Every day.", 600, (300, 600))
    assert isinstance(spoke, AgentSpoke)
    assert (spoke.text, spoke.interrupted) == ("We open at nine. Every day.", False)
    assert spoke.end_ms - spoke.start_ms == 1800
    assert abs(spoke.start_ms - 200) <= 20


async def test_a_pause_stops_at_once_and_goes_on_where_it_was(desk: Desk) -> None:
    await desk.say("We open at nine every day.")
    await desk.run(0.5)
    await desk.speaker.pause()
    await desk.run(0.4)
    stopped = bytes(desk.line.heard)
    await desk.run(0.2)
    assert not any(desk.line.heard[len(stopped) :].strip(b"\xff"))
    await desk.deciding(asyncio.create_task(desk.speaker.resume()))
    await desk.run(2)
    paused, resumed, spoke = desk.log(PlaybackPaused, PlaybackResumed, AgentSpoke)
    assert isinstance(paused, PlaybackPaused)
    assert isinstance(resumed, PlaybackResumed)
    assert isinstance(spoke, AgentSpoke)
    assert abs(resumed.played_ms - 500) <= 20
    assert abs(paused.played_ms - 500) <= 120  # known exactly once the carrier answered
    assert resumed.paused_for_ms == 600
    assert spoke.text == "We open at nine every day."
    assert abs(len(desk.line.heard.replace(b"\xff", b"")) - 6 * 2400) <= FRAME


async def test_an_interruption_cuts_at_the_last_word_heard(desk: Desk) -> None:
    await desk.say("We open at nine.", "Every day.")
    await desk.run(1.0)
    await desk.speaker.pause()
    await desk.deciding(asyncio.create_task(desk.speaker.interrupt(2)))
    assert desk.log(Interrupted) == [Interrupted(1, 2, "We open at")]
    (spoke,) = desk.log(AgentSpoke)
    assert isinstance(spoke, AgentSpoke)
    assert (spoke.text, spoke.interrupted) == ("We open at", True)
    assert desk.heard == "We open at"
    assert not desk.speaker.busy


async def test_nothing_of_an_interrupted_turn_is_said_later(desk: Desk) -> None:
    await desk.say("We open at nine.")
    await desk.run(0.6)
    await desk.deciding(asyncio.create_task(desk.speaker.interrupt(2)))
    await desk.sentence("Stale.")  # was on its way
    await desk.stage.send(AnswerEndedFrame(turn=1))
    await desk.stage.send(InterruptionFrame())
    await desk.say("Yes.", turn=2)
    await desk.run(1)
    assert desk.heard == "We open Yes."
    assert [b.text for b in desk.log(UtteranceQueued) if isinstance(b, UtteranceQueued)] == [
        "We open at nine.",
        "Yes.",
    ]


async def test_a_turn_of_which_nothing_was_heard_was_not_spoken(desk: Desk) -> None:
    await desk.say("Wait.")
    await desk.run(0.06)
    await desk.deciding(asyncio.create_task(desk.speaker.interrupt(2)))
    assert desk.log(Interrupted) == [Interrupted(1, 2, "")]
    assert desk.log(AgentSpoke) == []


async def test_an_answer_made_during_a_pause_waits_for_it(desk: Desk) -> None:
    desk.speaker.expect_answer()
    assert desk.speaker.busy
    await desk.speaker.pause()
    await desk.say("We open at nine.")
    await desk.run(1)
    assert desk.heard == ""
    assert desk.line.clears == 0  # nothing played
    await desk.speaker.resume()
    await desk.run(2)
    assert desk.heard == "We open at nine."


async def test_a_goodbye_ends_the_call_behind_its_last_sample(desk: Desk) -> None:
    await desk.say("Goodbye now!", hang_up=True)
    await desk.run(0.5)
    assert desk.goodbyes == []
    await desk.run(0.5)
    assert desk.goodbyes == ["Goodbye now!"]


async def test_a_goodbye_that_is_interrupted_ends_nothing(desk: Desk) -> None:
    await desk.say("Goodbye now!", hang_up=True)
    await desk.run(0.3)
    await desk.deciding(asyncio.create_task(desk.speaker.interrupt(2)))
    await desk.run(2)
    assert desk.goodbyes == []


async def test_a_carrier_that_does_not_answer_is_not_waited_for(desk: Desk) -> None:
    desk.line.deaf = True
    await desk.say("We open at nine.")
    await desk.run(0.7)
    await desk.deciding(asyncio.create_task(desk.speaker.interrupt(2)))
    assert desk.log(Interrupted) == [Interrupted(1, 2, "We open")]


async def test_a_line_that_goes_away_cuts_the_turn(desk: Desk) -> None:
    await desk.say("We open at nine.")
    await desk.run(0.65)
    await desk.speaker.hung_up()
    (spoke,) = desk.log(AgentSpoke)
    assert isinstance(spoke, AgentSpoke)
    assert (spoke.text, spoke.interrupted) == ("We open", True)
    assert not desk.speaker.busy


async def test_a_turn_with_more_to_come_was_cut_although_all_there_was_was_played(
    desk: Desk,
) -> None:
    await desk.stage.send(AnswerStartedFrame(turn=1))
    await desk.sentence("We open.")
    await desk.run(1)
    await desk.speaker.hung_up()
    (spoke,) = desk.log(AgentSpoke)
    assert isinstance(spoke, AgentSpoke)
    assert (spoke.text, spoke.interrupted) == ("We open.", True)


async def test_what_is_said_before_the_turn_was_played_belongs_to_it(desk: Desk) -> None:
    await desk.say("We open at nine.")
    await desk.run(0.5)
    await desk.say("Goodbye!", hang_up=True)
    await desk.run(2)
    (spoke,) = desk.log(AgentSpoke)
    assert isinstance(spoke, AgentSpoke)
    assert spoke.text == desk.heard == "We open at nine. Goodbye!"
    assert desk.goodbyes == ["We open at nine. Goodbye!"]


async def test_an_answer_without_words_leaves_the_floor(desk: Desk) -> None:
    desk.speaker.expect_answer()
    await desk.say()
    assert not desk.speaker.busy
    assert desk.log() == []


async def test_nothing_is_sent_once_the_pipeline_was_cancelled(desk: Desk) -> None:
    await desk.say("We open at nine.")
    await desk.stage.send(CancelFrame())
    await desk.run(2)
    assert desk.heard in ("", "We")  # what the carrier had
