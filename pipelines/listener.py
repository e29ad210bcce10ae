"""Listening: the line's audio in, voice activity and end-of-turn verdicts out."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import structlog
from pipecat.frames.frames import CancelFrame, EndFrame, Frame, InputAudioRawFrame, StartFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from core import ulaw
from pipelines.context import CallContext
from pipelines.end_of_turn import HORIZON, EndOfTurn
from pipelines.frames import (
    CallerGoneFrame,
    EndOfTurnVerdictFrame,
    SpeechPausedFrame,
    SpeechResumedFrame,
    SpeechStartedFrame,
    SpeechStoppedFrame,
)
from pipelines.line import SAMPLE_RATE, Line, LineAudio, LineClosed, LineDigit, LineMark
from pipelines.recorder import Recorder
from pipelines.voice_activity import (
    WINDOW,
    SpeechOnset,
    SpeechPause,
    SpeechResumed,
    SpeechStop,
    VoiceActivity,
    VoiceEvent,
)
from pipelines.voice_detector import VoiceStream
from storage.events import DigitPressed, ProviderFailed

_log = structlog.get_logger(__name__)
_MAX_FILL = 2 * SAMPLE_RATE  # a longer hole in the caller's audio is skipped, not filled
_PRE_SPEECH = SAMPLE_RATE // 2
_COMPLETE = 0.5
_JUDGEMENTS = 3
_JUDGE_AGAIN_S = 0.15


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the listener listens with."""

    voice: VoiceStream
    end_of_turn: EndOfTurn
    activity: VoiceActivity


@dataclass(frozen=True, slots=True)
class LineHandlers:
    """Who is told of what else arrives on the line."""

    mark: Callable[[LineMark], Awaitable[None]]
    closed: Callable[[LineClosed], Awaitable[None]]


class Listener(FrameProcessor):
    """The head of the pipeline: reads the line, scores voice activity, judges ends of turn."""

    def __init__(
        self,
        context: CallContext,
        line: Line,
        hearing: Hearing,
        recorder: Recorder,
        handlers: LineHandlers,
    ) -> None:
        super().__init__(enable_direct_mode=True)
        self._context = context
        self._line = line
        self._hearing = hearing
        self._recorder = recorder
        self._handlers = handlers
        self._unscored = bytearray()  # μ-law, until a whole window is there to be decoded
        self._position = 0  # sample of self._unscored[0]
        self._recent: list[npt.NDArray[np.int16]] = []
        self._recent_samples = 0
        self._onset = 0
        self._more = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._verdict: asyncio.Task[None] | None = None
        self._failures: set[str] = set()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Start with the pipeline and stop with it; everything else passes."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if isinstance(frame, StartFrame) and not self._tasks:
            self._tasks = [self.create_task(self._read()), self.create_task(self._score())]
        elif isinstance(frame, EndFrame | CancelFrame):
            await self._stop()

    async def cleanup(self) -> None:
        """Release the tasks."""
        await self._stop()
        await super().cleanup()

    async def finish(self) -> bool:
        """The caller is gone: what they were saying is said; returns whether they were speaking."""
        speaking = self._hearing.activity.speaking
        if speaking:
            await self.push_frame(SpeechPausedFrame(speech_end=self._position))
        await self.push_frame(CallerGoneFrame())
        return speaking

    async def _stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in [*tasks, *([self._verdict] if self._verdict else [])]:
            if task is not asyncio.current_task():
                await self.cancel_task(task)
        self._verdict = None

    async def _read(self) -> None:
        async for event in self._line.events():
            match event:
                case LineAudio():
                    self._take_audio(event)
                case LineMark():
                    await self._handlers.mark(event)
                case LineDigit():
                    self._context.record(DigitPressed(event.digit))
                case LineClosed():
                    await self._handlers.closed(event)

    def _take_audio(self, audio: LineAudio) -> None:
        self._context.timeline.arrived(audio.start, self._context.clock.monotonic())
        self._recorder.caller(audio.start, audio.ulaw)
        expected = self._position + len(self._unscored)
        known = max(0, expected - audio.start)
        if known >= len(audio.ulaw):
            return  # a repeated or late frame; the recording has it, the ears do not
        missing = max(0, audio.start - expected)
        if missing > _MAX_FILL:
            self._unscored, self._position = bytearray(), audio.start
            missing = 0
        self._unscored += bytes([ulaw.SILENCE]) * missing + audio.ulaw[known:]
        if len(self._unscored) >= WINDOW:
            self._more.set()

    async def _score(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            whole = len(self._unscored) // WINDOW * WINDOW
            if not whole:
                continue
            pcm = ulaw.decode(bytes(self._unscored[:whole]))
            del self._unscored[:whole]
            start = self._position
            self._position += whole
            confidences = await self._confidences(pcm)
            self._remember(pcm)
            frame = InputAudioRawFrame(pcm.tobytes(), SAMPLE_RATE, 1)
            frame.metadata["start"] = start
            await self.push_frame(frame)
            for index, confidence in enumerate(confidences):
                for event in self._hearing.activity.feed(start + index * WINDOW, confidence):
                    await self._voice_event(event)

    async def _confidences(self, pcm: npt.NDArray[np.int16]) -> list[float]:
        """Voice confidence of each window; a detector that fails hears silence."""
        try:
            return await self._hearing.voice.confidences(pcm)
        except Exception as error:
            self._failed("voice_activity", error)
            return [0.0] * (len(pcm) // WINDOW)

    def _failed(self, stage: str, error: Exception) -> None:
        if stage not in self._failures:
            self._failures.add(stage)
            _log.exception("model_failed", stage=stage, call_id=self._context.log.call_id)
            self._context.record(
                ProviderFailed(stage, "embedded", "model_failed", type(error).__name__)
            )

    async def _voice_event(self, event: VoiceEvent) -> None:
        match event:
            case SpeechOnset(onset):
                self._onset = onset
                await self.push_frame(SpeechStartedFrame(onset=onset))
            case SpeechPause(speech_end):
                await self.push_frame(SpeechPausedFrame(speech_end=speech_end))
                self._verdict = self.create_task(self._judge(speech_end))
            case SpeechResumed():
                self._verdict = None
                await self.push_frame(SpeechResumedFrame())
            case SpeechStop(speech_end):
                await self.push_frame(SpeechStoppedFrame(speech_end=speech_end))

    async def _judge(self, speech_end: int) -> None:
        """Ask whether the turn is over; silence that goes on may change the answer."""
        for _ in range(_JUDGEMENTS):
            heard = np.concatenate(self._recent)
            spoken = self._position - self._onset + _PRE_SPEECH
            try:
                probability = await self._hearing.end_of_turn.probability(heard[-spoken:])
            except Exception as error:
                self._failed("end_of_turn", error)  # silence alone ends turns from now on
                return
            if self._verdict is not asyncio.current_task():
                return
            complete = probability > _COMPLETE
            await self.push_frame(
                EndOfTurnVerdictFrame(
                    speech_end=speech_end, complete=complete, probability=probability
                )
            )
            if complete:
                return
            await self._context.clock.sleep(_JUDGE_AGAIN_S)

    def _remember(self, pcm: npt.NDArray[np.int16]) -> None:
        self._recent.append(pcm)
        self._recent_samples += len(pcm)
        while self._recent_samples - len(self._recent[0]) >= HORIZON:
            self._recent_samples -= len(self._recent.pop(0))
