"""The speaker: the agent's audio out to the line, paced, pausable, and accounted for.

Pipecat's output transport keeps no account of what the carrier played, cannot go on after a
pause, and wakes for every 40 ms of audio. This one sends 100 ms at a time, ahead of playback, and
learns from marks what was heard.
"""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
from pipecat.frames.frames import (
    AggregatedTextFrame,
    CancelFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    StartFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from core import ulaw
from core.clock import within
from pipelines.agent_turn import AgentTurn, Utterance, duration_ms
from pipelines.context import CallContext
from pipelines.frames import AnswerEndedFrame, AnswerStartedFrame
from pipelines.latency import Stage
from pipelines.line import Line, LineMark
from pipelines.playback import Placed, Playback
from pipelines.recorder import Recorder
from storage.events import (
    AgentSpoke,
    AgentStartedSpeaking,
    Interrupted,
    PlaybackPaused,
    PlaybackResumed,
    UtteranceQueued,
)

_SETTLE_S = 0.25  # the longest that a carrier's answer to `clear` is waited for


class Speaker(FrameProcessor):
    """The tail of the pipeline: plays what the agent says and knows what was played."""

    def __init__(
        self,
        context: CallContext,
        line: Line,
        recorder: Recorder,
        on_goodbye_played: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(enable_direct_mode=True)
        self._context = context
        self._line = line
        self._recorder = recorder
        self._on_goodbye_played = on_goodbye_played
        self._playback = Playback()
        self._turn: AgentTurn | None = None
        self._utterances = 0
        self._awaiting_answer = False
        self._given_up = False  # what still arrives belongs to an interrupted turn
        self._paused_at = 0.0
        self._kick = asyncio.Event()
        self._sending = asyncio.Lock()
        self._settled = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether the agent speaks, or is about to answer."""
        return self._awaiting_answer or self._turn is not None

    def expect_answer(self) -> None:
        """An answer is being made: a sound from now on is judged before it takes the turn."""
        self._awaiting_answer = True

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Queue speech for playback; the rest passes."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            self._given_up = False
        elif not self._given_up:
            await self._take(frame)
        await self.push_frame(frame, direction)
        if isinstance(frame, StartFrame) and self._sender is None:
            self._sender = self.create_task(self._send())
        elif isinstance(frame, EndFrame | CancelFrame):
            await self._stop()

    async def cleanup(self) -> None:
        """Release the sender."""
        await self._stop()
        await super().cleanup()

    async def _take(self, frame: Frame) -> None:
        match frame:
            case AnswerStartedFrame():
                if self._turn is None or not self._turn.utterances:
                    self._turn = AgentTurn(frame.turn)
                else:  # a farewell, say, behind what is still being played
                    self._turn.complete = False
            case TTSTextFrame():
                return  # comes behind the audio of what was announced before it
            case AggregatedTextFrame() if frame.will_be_spoken and self._turn is not None:
                at = self._playback.queued
                self._turn.utterances.append(Utterance(frame.text, at, at))
            case TTSAudioRawFrame():
                await self._queue_audio(frame)
            case TTSStoppedFrame():
                self._utterance_done()
            case AnswerEndedFrame():
                if self._turn is not None:
                    self._turn.complete, self._turn.hang_up = True, frame.hang_up
                self._awaiting_answer = False
                await self._maybe_finish()

    async def _queue_audio(self, frame: TTSAudioRawFrame) -> None:
        if self._turn is None or not self._turn.utterances:
            return
        utterance = self._turn.utterances[-1]
        self._playback.enqueue(ulaw.encode(np.frombuffer(frame.audio, np.int16)))
        utterance.end = self._playback.queued
        utterance.word_ends_ms = frame.metadata.get("word_ends_ms", utterance.word_ends_ms)
        await self._send_due()  # the first words go out now, not when the sender next runs
        self._kick.set()

    def _utterance_done(self) -> None:
        if self._turn is None or not self._turn.utterances:
            return
        utterance = self._turn.utterances[-1]
        length = duration_ms(utterance)
        if not length:
            return  # it could not be synthesised
        ends = utterance.word_ends_ms or (length,)
        self._context.record(
            UtteranceQueued(self._turn.turn, self._utterances, utterance.text, length, ends)
        )
        self._utterances += 1

    async def pause(self) -> None:
        """Stop playback at once; it may go on."""
        now = self._context.clock.monotonic()
        mark = self._playback.pause(now)
        self._paused_at = now
        self._settled.clear()
        if mark is None:
            self._settled.set()
        else:
            await self._line.clear()
            await self._line.send_mark(mark)
        if self._turn is not None:
            self._context.record(PlaybackPaused(self._turn.turn, self._played_ms()))

    async def resume(self) -> None:
        """Go on from the first unplayed sample."""
        await self._settle()
        self._playback.resume()
        now = self._context.clock.monotonic()
        if self._turn is not None:
            paused_for = round((now - self._paused_at) * 1000)
            self._context.record(PlaybackResumed(self._turn.turn, self._played_ms(), paused_for))
        self._kick.set()
        await self._maybe_finish()

    async def interrupt(self, by_turn: int) -> None:
        """Give the turn up: log what was heard of it; the rest is never said."""
        if not self._playback.paused:
            await self.pause()
        self._given_up = True
        self._awaiting_answer = False
        await self._settle()
        turn, self._turn = self._turn, None
        played = self._playback.played
        self._playback.drop()
        if turn is None:
            return
        heard = turn.heard(played)
        self._context.record(Interrupted(turn.turn, by_turn, heard))
        if heard:
            self._record_spoken(turn, heard, interrupted=True)

    async def mark_returned(self, mark: LineMark) -> None:
        """The carrier played, or threw away, what came before the mark."""
        now = self._context.clock.monotonic()
        self._placed(self._playback.mark_returned(mark.name, now))
        if self._playback.settled:
            self._settled.set()
        await self._maybe_finish()

    async def hung_up(self) -> None:
        """The line is gone: log what was heard of the turn that was running."""
        now = self._context.clock.monotonic()
        self._playback.pause(now)
        self._placed(self._playback.settle(now))
        turn, self._turn = self._turn, None
        heard = turn.heard(self._playback.played) if turn is not None else ""
        if turn is not None and heard:
            whole = turn.complete and self._playback.played >= turn.end
            self._record_spoken(turn, heard, interrupted=not whole)
        self._playback.drop()

    async def _settle(self) -> None:
        """Wait until the carrier said where a pause stopped it."""
        if self._settled.is_set():
            return
        clock = self._context.clock
        try:
            await within(clock, _SETTLE_S, self._settled.wait())
        except TimeoutError:
            self._placed(self._playback.settle(clock.monotonic()))
            self._settled.set()

    def _placed(self, pieces: list[Placed]) -> None:
        for piece in pieces:
            start, end = self._recorder.agent(piece)
            if self._turn is not None:
                self._turn.placed(start, end)

    async def _maybe_finish(self) -> None:
        """End the agent's turn once its last sample was played."""
        turn = self._turn
        if turn is None or not turn.complete or self._playback.paused:
            return
        if self._playback.played < turn.end:
            return
        self._turn = None
        if turn.first_sample is not None:
            self._record_spoken(turn, turn.heard(self._playback.played), interrupted=False)
        if turn.hang_up:
            await self._on_goodbye_played()

    def _record_spoken(self, turn: AgentTurn, heard: str, *, interrupted: bool) -> None:
        ms = self._context.timeline.ms_of
        start, end = ms(turn.first_sample or 0), ms(turn.last_sample)
        self._context.record(AgentSpoke(turn.turn, heard, start, end, interrupted))

    async def _send(self) -> None:
        clock = self._context.clock
        while True:
            due = self._playback.next_due()
            now = clock.monotonic()
            if due is None:
                self._kick.clear()
                await self._kick.wait()
            elif due > now:
                await clock.sleep(due - now)
            else:
                await self._send_due()

    async def _send_due(self) -> None:
        async with self._sending:
            now = self._context.clock.monotonic()
            while (message := self._playback.take(now)) is not None:
                audio, mark = message
                self._first_audio(now)
                await self._line.send_audio(audio)
                await self._line.send_mark(mark)

    def _first_audio(self, now: float) -> None:
        turn = self._turn
        if turn is None or turn.started:
            return
        turn.started = True
        self._context.record(AgentStartedSpeaking(turn.turn))
        self._context.waterfalls.reached(turn.turn, Stage.FIRST_AUDIO, now)
        measured = self._context.waterfalls.measure(turn.turn)
        if measured is not None:
            self._context.record(measured)

    def _played_ms(self) -> int:
        if self._turn is None or not self._turn.utterances:
            return 0
        played = self._playback.played - self._turn.utterances[0].start
        return max(0, round(played / 8))

    async def _stop(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None and sender is not asyncio.current_task():
            await self.cancel_task(sender)
