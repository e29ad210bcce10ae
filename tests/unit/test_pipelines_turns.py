import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from pipecat.frames.frames import (
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    InterruptionFrame,
    TranscriptionFrame,
)

from core.clock import Clock, ManualClock
from pipelines.context import CallContext
from pipelines.frames import (
    CallerGoneFrame,
    CallerSaysFrame,
    CallerTurnFrame,
    DecodeRequestFrame,
    EndOfTurnVerdictFrame,
    SpeechPausedFrame,
    SpeechResumedFrame,
    SpeechStartedFrame,
    SpeechStoppedFrame,
    TurnOverFrame,
)
from pipelines.turn_taking import TurnTaking
from pipelines.turns import Turns
from storage.events import (
    BackchannelHeard,
    Body,
    TranscriptUpdated,
    TurnEnded,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)
from tests.unit.stage import Stage, settle


@dataclass
class Agent:
    """The agent's side of the floor. Giving a turn up takes as long as a carrier does."""

    clock: Clock
    busy: bool = False
    told: list[str] = field(default_factory=list)

    async def pause(self) -> None:
        self.told.append("pause")

    async def resume(self) -> None:
        await self.clock.sleep(0.1)
        self.told.append("resume")

    async def interrupt(self, by_turn: int) -> None:
        await self.clock.sleep(0.1)
        self.told.append(f"interrupt by {by_turn}")
        self.busy = False


@dataclass
class Floor:
    """Turns between taps; frames are worded here as the listener and the recogniser would."""

    stage: Stage
    clock: ManualClock
    agent: Agent
    context: CallContext

    async def onset(self, seconds: float = 0.0) -> None:
        self.context.timeline.arrived(0, 0.0)
        await self.clock.advance(seconds)
        await self.stage.send(SpeechStartedFrame(onset=self._sample()))

    async def pause(self, seconds: float) -> None:
        """The voice falls silent ``seconds`` from now, known 0.1 s later."""
        await self.clock.advance(seconds)
        end = self._sample()
        await self.clock.advance(0.1)
        await self.stage.send(SpeechPausedFrame(speech_end=end))

    async def heard(self, text: str, confidence: float = 0.9, *, final: bool = True) -> None:
        frame = TranscriptionFrame(text, "", "", finalized=final)
        frame.metadata.update(whole_turn=True, confidence=confidence)
        await self.stage.send(frame)

    async def judged(self, complete: bool) -> None:
        await self.stage.send(EndOfTurnVerdictFrame(complete=complete))

    async def passes(self, seconds: float) -> None:
        await settle()
        await self.clock.advance(seconds)
        await settle()

    @property
    def log(self) -> list[Body]:
        return [event.body for event in self.context.log.events]

    def turns(self) -> list[tuple[int, str]]:
        return [(frame.turn, frame.text) for frame in self.stage.down(CallerTurnFrame)]

    def _sample(self) -> int:
        return round(self.clock.monotonic() * 8000)


@pytest.fixture
async def floor(clock: ManualClock, context: CallContext) -> AsyncIterator[Floor]:
    agent = Agent(clock)
    async with Stage(Turns(context, TurnTaking(), agent)) as stage:
        yield Floor(stage, clock, agent, context)


async def test_an_ordinary_turn(floor: Floor) -> None:
    await floor.onset(1.0)
    await floor.pause(1.0)
    await floor.heard("When do you open?")
    await floor.judged(complete=True)
    await floor.passes(0.1)
    await floor.stage.send(SpeechStoppedFrame(speech_end=16000))
    assert floor.log == [
        UserStartedSpeaking(1, 1000),
        TranscriptUpdated(1, "When do you open?", False),
        TranscriptUpdated(1, "When do you open?", True, 0.9),
        TurnEnded(1, "When do you open?", 1000, 2000, 0.9),
    ]
    assert floor.turns() == [(1, "When do you open?")]
    assert [frame.text for frame in floor.stage.down(CallerSaysFrame)] == ["When do you open?"]
    assert len(floor.stage.up(TurnOverFrame)) == 1
    assert floor.stage.down(InterruptionFrame) == []


async def test_the_voice_s_stop_is_logged_in_a_turn_that_goes_on(floor: Floor) -> None:
    await floor.onset()
    await floor.pause(1.0)
    await floor.stage.send(SpeechStoppedFrame(speech_end=8000))
    assert floor.log[-1] == UserStoppedSpeaking(1, 1000)


async def test_a_turn_that_was_broken_off_is_one(floor: Floor) -> None:
    await floor.onset()
    await floor.pause(1.0)
    await floor.heard("I would like")
    await floor.judged(complete=False)
    await floor.passes(0.5)
    await floor.onset()
    await floor.pause(1.0)
    await floor.heard("I would like to book.")
    await floor.judged(complete=True)
    await floor.passes(0.2)
    assert floor.turns() == [(1, "I would like to book.")]
    assert floor.log.count(UserStartedSpeaking(1, 0)) == 1


async def test_a_backchannel_over_the_agent(floor: Floor) -> None:
    floor.agent.busy = True
    await floor.onset(1.0)
    await floor.pause(0.4)
    sent = asyncio.create_task(floor.heard("Mm-hm.", 0.4))
    await floor.passes(0.2)
    await sent
    assert floor.agent.told == ["pause", "resume"]
    assert floor.log == [BackchannelHeard("backchannel", "Mm-hm.", 1000, 1400)]
    assert floor.turns() == []
    assert len(floor.stage.up(TurnOverFrame)) == 1


async def test_a_noise_while_nobody_speaks(floor: Floor) -> None:
    await floor.onset()
    await floor.pause(0.3)
    await floor.heard("You", 0.3)
    await floor.judged(complete=True)
    await floor.passes(0.2)
    assert floor.log[-1] == BackchannelHeard("noise", "You", 0, 300)
    assert floor.turns() == []
    assert floor.agent.told == []


async def test_an_early_interruption_is_decoded_before_it_ends(floor: Floor) -> None:
    floor.agent.busy = True
    await floor.onset(1.0)
    await floor.passes(0.61)
    assert len(floor.stage.up(DecodeRequestFrame)) == 1
    sent = asyncio.create_task(floor.heard("Actually do", final=False))
    await floor.passes(0.2)
    await sent
    assert floor.agent.told == ["pause", "interrupt by 1"]
    assert floor.log == [
        UserStartedSpeaking(1, 1000),
        TranscriptUpdated(1, "Actually do", False),
    ]
    assert len(floor.stage.down(InterruptionFrame)) == 1
    assert len(floor.stage.up(InterruptionFrame)) == 1
    await floor.pause(0.5)
    await floor.heard("Actually do you take it?")
    await floor.judged(complete=True)
    await floor.passes(0.2)
    assert floor.turns() == [(1, "Actually do you take it?")]


async def test_a_late_interruption_is_a_turn_at_once(floor: Floor) -> None:
    floor.agent.busy = True
    await floor.onset(1.0)
    await floor.pause(0.3)
    await floor.judged(complete=True)
    await floor.passes(0.1)
    sent = asyncio.create_task(floor.heard("Stop."))
    await floor.passes(0.2)
    await sent
    assert floor.agent.told == ["pause", "interrupt by 1"]
    assert floor.turns() == [(1, "Stop.")]


async def test_a_farewell_needs_no_verdict(floor: Floor) -> None:
    await floor.onset()
    await floor.pause(1.0)
    await floor.judged(complete=False)
    await floor.heard("No, that's all.")
    await floor.passes(0.1)
    assert floor.turns() == [(1, "No, that's all.")]


async def test_what_nobody_can_transcribe_is_given_up(floor: Floor) -> None:
    await floor.onset()
    await floor.pause(1.0)
    await floor.judged(complete=True)
    await floor.passes(2.8)
    assert floor.log == [UserStartedSpeaking(1, 0)]
    await floor.passes(0.2)
    assert floor.log[-1] == TurnEnded(1, "", 0, 1000, 0.0)


async def test_a_caller_who_is_gone_has_said_what_they_said(floor: Floor) -> None:
    await floor.onset()
    await floor.pause(1.0)
    await floor.judged(complete=False)
    await floor.stage.send(CallerGoneFrame())
    await floor.heard("I would like,")
    assert floor.turns() == [(1, "I would like,")]


async def test_turns_are_counted_and_noises_are_not(floor: Floor) -> None:
    for text, confidence in (("One.", 0.9), ("You", 0.3), ("Two.", 0.9)):
        await floor.onset(1.0)
        await floor.pause(0.5)
        await floor.heard(text, confidence)
        await floor.judged(complete=True)
        await floor.passes(0.2)
    assert floor.turns() == [(1, "One."), (2, "Two.")]


async def test_a_timer_s_decisions_are_carried_out_whole_whatever_comes(floor: Floor) -> None:
    # The agent's resumption is under way when the voice is back.
    floor.agent.busy = True
    await floor.onset(1.0)
    await floor.pause(0.3)
    await floor.passes(0.52)  # the noise is given up: a timer resumes the agent
    coming = asyncio.create_task(floor.onset())
    await floor.passes(0.5)
    await coming
    assert floor.agent.told == ["pause", "resume", "pause"]
    assert [body for body in floor.log if isinstance(body, BackchannelHeard)]


async def test_a_voice_that_resumes_stops_the_clock(floor: Floor) -> None:
    await floor.onset()
    await floor.pause(1.0)
    await floor.heard("I would like to book.")
    await floor.stage.send(SpeechResumedFrame())
    await floor.judged(complete=True)  # of the pause that is over
    await floor.passes(5.0)
    assert floor.turns() == []


async def test_a_streaming_recogniser_s_pieces_are_joined(floor: Floor) -> None:
    await floor.onset()
    await floor.stage.send(InterimTranscriptionFrame("I would", "", ""))
    await floor.stage.send(TranscriptionFrame("I would like", "", ""))
    await floor.stage.send(InterimTranscriptionFrame("to", "", ""))
    await floor.pause(1.0)
    await floor.stage.send(TranscriptionFrame("to book.", "", "", finalized=True))
    await floor.judged(complete=True)
    await floor.passes(0.2)
    assert floor.turns() == [(1, "I would like to book.")]


async def test_cards_are_in_no_event_and_reach_no_agent(floor: Floor) -> None:
    await floor.onset()
    await floor.pause(1.0)
    await floor.heard("It is 4111 1111 1111 1111.")
    await floor.judged(complete=True)
    await floor.passes(0.2)
    assert "4111" not in str(floor.log) + str(floor.turns())
    assert floor.turns()[0][1].startswith("It is ")


async def test_the_caller_s_audio_goes_no_further(floor: Floor) -> None:
    await floor.stage.send(InputAudioRawFrame(bytes(512), 8000, 1))
    assert floor.stage.down(InputAudioRawFrame) == []


async def test_a_turn_that_begins_while_another_is_carried_out_is_the_next(floor: Floor) -> None:
    floor.agent.busy = True
    await floor.onset(1.0)
    await floor.pause(0.3)
    await floor.judged(complete=True)
    await floor.passes(0.1)
    stop = asyncio.create_task(floor.heard("Stop."))  # waits for the carrier
    await settle()
    assert len(floor.stage.up(TurnOverFrame)) == 1
    coming = asyncio.create_task(floor.onset())
    await floor.passes(0.2)
    await asyncio.gather(stop, coming)
    started = [body for body in floor.log if isinstance(body, UserStartedSpeaking)]
    assert [(body.turn, body.onset_ms) for body in started] == [(1, 1000), (2, 1500)]
    assert TurnEnded(1, "Stop.", 1000, 1300, 0.9) in floor.log
