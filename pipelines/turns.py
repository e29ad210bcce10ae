"""Turns: drives the turn-taking machine with what was heard and carries its decisions out."""

import asyncio
from typing import Protocol

from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from core.redaction import redact_cards
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
from pipelines.latency import Stage
from pipelines.turn_taking import (
    Decision,
    DecodeNow,
    DiscardTurn,
    EndTurn,
    Interrupt,
    PausePlayback,
    ResumePlayback,
    State,
    TurnTaking,
)
from storage.events import (
    BackchannelHeard,
    TranscriptUpdated,
    TurnEnded,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)

_FACTS = (
    SpeechStartedFrame,
    SpeechResumedFrame,
    SpeechPausedFrame,
    SpeechStoppedFrame,
    CallerGoneFrame,
    EndOfTurnVerdictFrame,
    TranscriptionFrame,
    InterimTranscriptionFrame,
)
_TURN_IS_OVER = (ResumePlayback, DiscardTurn, EndTurn)


class AgentVoice(Protocol):
    """The agent's side of the floor: the speaker, or what stands for it in a test."""

    @property
    def busy(self) -> bool:
        """Whether the agent speaks, or is about to answer."""

    async def pause(self) -> None:
        """Stop playback; it may go on."""

    async def resume(self) -> None:
        """Go on from the first unplayed sample."""

    async def interrupt(self, by_turn: int) -> None:
        """Give the turn up: what was not played is never said."""


class Turns(FrameProcessor):
    """Decides whose turn it is, behind the speech recogniser."""

    def __init__(self, context: CallContext, taking: TurnTaking, agent: AgentVoice) -> None:
        super().__init__(enable_direct_mode=True)
        self._context = context
        self._taking = taking
        self._agent = agent
        self._turn = 1
        self._onset = 0
        self._speech_end = 0
        self._finals: list[str] = []
        self._timer: asyncio.Task[None] | None = None
        self._wakes_at: float | None = None
        self._waking = False
        self._deciding = asyncio.Lock()

    @property
    def last(self) -> int:
        """The number of the caller's last turn; 0 before the first."""
        return self._turn - 1

    @property
    def open(self) -> bool:
        """Whether the caller has begun something that is not decided yet."""
        return self._taking.state is not State.IDLE

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Take facts about the caller's speech; everything else passes."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            return  # nothing behind this needs the caller's audio
        if isinstance(frame, _FACTS):
            # One after another: the carrying out of a decision may wait for the carrier.
            async with self._deciding:
                await self._carry_out(self._take(frame, self._context.clock.monotonic()))
                if isinstance(frame, InterimTranscriptionFrame | TranscriptionFrame):
                    await self._tell_of(frame)
                self._set_timer()
            return
        await self.push_frame(frame, direction)
        if isinstance(frame, EndFrame | CancelFrame):
            await self._stop_timer()

    async def cleanup(self) -> None:
        """Release the timer."""
        await self._stop_timer()
        await super().cleanup()

    def _take(self, frame: Frame, now: float) -> list[Decision]:
        """The decisions that a fact leads to."""
        match frame:
            case SpeechStartedFrame():
                return self._take_onset(frame.onset, now)
            case SpeechResumedFrame():
                return self._taking.resumed()
            case SpeechPausedFrame():
                self._speech_end = frame.speech_end
                end_at = self._context.timeline.time_of(frame.speech_end)
                return self._taking.pause(end_at, now)
            case SpeechStoppedFrame():
                if self._taking.state is State.SPEAKING:
                    ms = self._context.timeline.ms_of(frame.speech_end)
                    self._context.record(UserStoppedSpeaking(self._turn, ms))
                return []
            case CallerGoneFrame():
                return self._taking.gone(now)
            case EndOfTurnVerdictFrame():
                return self._taking.verdict(complete=frame.complete, now=now)
            case TranscriptionFrame():
                return self._take_transcript(frame, now)
            case InterimTranscriptionFrame():
                text = " ".join([*self._finals, redact_cards(frame.text)])
                return self._taking.transcript(text, None, now, finalized=False)
        return []

    def _take_onset(self, onset: int, now: float) -> list[Decision]:
        fresh = self._taking.state is State.IDLE
        decisions = self._taking.onset(now, agent_speaking=self._agent.busy)
        if fresh:
            self._onset = onset
            self._finals = []
            if self._taking.state is State.SPEAKING:
                self._record_start()
        return decisions

    def _take_transcript(self, frame: TranscriptionFrame, now: float) -> list[Decision]:
        # A recogniser that decodes whole turns sends the turn's text anew each time.
        said = redact_cards(frame.text)
        if frame.metadata.get("whole_turn"):
            self._finals = [said]
        else:
            self._finals.append(said)
        self._context.waterfalls.reached(self._turn, Stage.TRANSCRIPT, now)
        text = " ".join(part for part in self._finals if part)
        confidence = frame.metadata.get("confidence")
        return self._taking.transcript(text, confidence, now, finalized=frame.finalized)

    async def _carry_out(self, decisions: list[Decision]) -> None:
        if any(isinstance(decision, _TURN_IS_OVER) for decision in decisions):
            # Before anything that waits: the recogniser may hear the next turn meanwhile.
            await self.push_frame(TurnOverFrame(), FrameDirection.UPSTREAM)
        for decision in decisions:
            await self._do(decision)

    async def _do(self, decision: Decision) -> None:
        match decision:
            case PausePlayback():
                await self._agent.pause()
            case DecodeNow():
                await self.push_frame(DecodeRequestFrame(), FrameDirection.UPSTREAM)
            case ResumePlayback(kind, text):
                await self._agent.resume()
                self._no_turn(kind.value, text)
            case DiscardTurn(text):
                self._no_turn("noise", text)
            case Interrupt():
                self._record_start()
                await self._agent.interrupt(self._turn)
                await self.broadcast_interruption()
            case EndTurn():
                await self._end_turn(decision)

    def _no_turn(self, kind: str, text: str) -> None:
        ms = self._context.timeline.ms_of
        self._context.record(
            BackchannelHeard(kind, text, ms(self._onset), ms(max(self._onset, self._speech_end)))
        )

    async def _end_turn(self, decision: EndTurn) -> None:
        context, turn = self._context, self._turn
        now = context.clock.monotonic()
        speech_end_at = context.timeline.time_of(self._speech_end)
        context.waterfalls.reached(turn, Stage.SPEECH_END, speech_end_at)
        context.waterfalls.reached(turn, Stage.END_OF_TURN, now)
        context.record(TranscriptUpdated(turn, decision.text, True, decision.confidence))
        ms = context.timeline.ms_of
        context.record(
            TurnEnded(
                turn, decision.text, ms(self._onset), ms(self._speech_end), decision.confidence
            )
        )
        self._turn += 1
        await self.push_frame(
            CallerTurnFrame(
                turn=turn,
                text=decision.text,
                confidence=decision.confidence,
                speech_end=self._speech_end,
            )
        )

    async def _tell_of(self, frame: InterimTranscriptionFrame | TranscriptionFrame) -> None:
        """Let the answerer look things up while the caller's turn goes on."""
        if self._taking.state is State.SPEAKING and frame.text:
            text = " ".join(self._finals) or redact_cards(frame.text)
            self._context.record(TranscriptUpdated(self._turn, text, False))
            await self.push_frame(CallerSaysFrame(text=text))

    def _record_start(self) -> None:
        onset_ms = self._context.timeline.ms_of(self._onset)
        self._context.record(UserStartedSpeaking(self._turn, onset_ms))

    def _set_timer(self) -> None:
        deadline = self._taking.deadline()
        if self._waking or (deadline is not None and deadline == self._wakes_at):
            return  # a timer that carries decisions out sets the next one itself
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = deadline
        self._timer = None if deadline is None else self.create_task(self._wake(deadline))

    async def _wake(self, deadline: float) -> None:
        clock = self._context.clock
        await clock.sleep(max(0.0, deadline - clock.monotonic()))
        self._wakes_at, self._waking = None, True
        try:
            async with self._deciding:
                await self._carry_out(self._taking.tick(clock.monotonic()))
        finally:
            self._waking, self._timer = False, None
        self._set_timer()

    async def _stop_timer(self) -> None:
        if self._timer is not None and self._timer is not asyncio.current_task():
            await self.cancel_task(self._timer)
        self._timer = None
