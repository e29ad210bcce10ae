"""Speech to text with no account: whole turns through Moonshine, decoded in each pause.

Pipecat's segmented service cuts at every stop of the voice; this recogniser makes two to three
times the errors on pieces. So the turn's audio is kept until the turn is over and decoded anew at
each pause, which has mostly finished by the time the turn is decided to be over.
"""

import asyncio
from collections.abc import AsyncGenerator

import numpy as np
import numpy.typing as npt
from pipecat.frames.frames import CancelFrame, Frame, InputAudioRawFrame, TranscriptionFrame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import STTService

from core.model_host import ModelHost
from pipelines.context import CallContext
from pipelines.frames import (
    DecodeRequestFrame,
    SpeechPausedFrame,
    SpeechResumedFrame,
    SpeechStartedFrame,
    TurnOverFrame,
)
from pipelines.line import SAMPLE_RATE
from pipelines.speech_to_text.moonshine import load_moonshine
from pipelines.speech_to_text.transcript import Transcript

_PRE_SPEECH = SAMPLE_RATE * 3 // 10  # samples before the onset: soft consonants come first
_POST_SPEECH = SAMPLE_RATE // 8
_BEFORE_ONSET = SAMPLE_RATE * 5 // 2  # kept in silence: an onset is told up to 2 s late
_MOST = 20 * SAMPLE_RATE  # what one decode takes: more makes the model repeat itself
_LONGEST = 15 * SAMPLE_RATE  # a longer turn is committed piece by piece, at its pauses


class EmbeddedSTT(STTService):
    """One call's recogniser on the shared Moonshine model."""

    def __init__(self, host: ModelHost, context: CallContext) -> None:
        settings = STTSettings(model="moonshine-tiny-en", language=None)
        super().__init__(settings=settings, audio_passthrough=False, ttfs_p99_latency=0.3)
        self._host = host
        self._context = context
        self._audio = np.zeros(0, np.int16)
        self._from = 0  # sample of self._audio[0] on the line's timeline
        self._open = False
        self._committed: list[Transcript] = []
        self._decoding: asyncio.Task[None] | None = None

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Keep the audio; decoding waits for a pause."""
        self._audio = np.concatenate((self._audio, np.frombuffer(audio, np.int16)))
        if not self._open and len(self._audio) > _BEFORE_ONSET:
            self._forget(len(self._audio) - _BEFORE_ONSET)
        return
        yield None  # makes this a generator, as the base class wants one

    async def process_audio_frame(
        self, frame: InputAudioRawFrame, direction: FrameDirection
    ) -> None:
        """Keep to the line's timeline: behind a long hole it goes on elsewhere."""
        self._from = frame.metadata.get("start", self._from + len(self._audio)) - len(self._audio)
        await super().process_audio_frame(frame, direction)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Follow the caller's turn; audio goes through `run_stt`."""
        await super().process_frame(frame, direction)
        match frame:
            case SpeechStartedFrame():
                self._begin(frame.onset)
            case SpeechPausedFrame():
                await self._decode(frame.speech_end + _POST_SPEECH, finalized=True)
            case SpeechResumedFrame():
                await self._stop_decoding()
            case DecodeRequestFrame():
                await self._decode(self._from + len(self._audio), finalized=False)
            case TurnOverFrame():
                await self._end_turn()
            case CancelFrame():
                await self._stop_decoding()

    async def cleanup(self) -> None:
        """Release the decoding task."""
        await self._stop_decoding()
        await super().cleanup()

    def _begin(self, onset: int) -> None:
        if self._open:
            return  # the turn goes on after a stop of the voice
        self._open = True
        self._committed = []
        self._forget(max(0, onset - _PRE_SPEECH - self._from))

    async def _end_turn(self) -> None:
        self._open = False
        await self._stop_decoding()
        self._forget(max(0, len(self._audio) - _PRE_SPEECH))

    async def _decode(self, end: int, *, finalized: bool) -> None:
        if not self._open:
            return
        await self._stop_decoding()
        pcm = self._audio[: max(0, end - self._from)]
        self._decoding = self.create_task(self._transcribe(pcm, finalized))

    async def _transcribe(self, pcm: npt.NDArray[np.int16], finalized: bool) -> None:
        try:
            pieces = [pcm[at : at + _MOST] for at in range(0, len(pcm), _MOST)]
            heard = [await self._host.run("transcribe", self._run, piece) for piece in pieces]
        except Exception as error:
            await self.push_error(f"decoding failed: {error}", exception=error)
            return
        if self._decoding is not asyncio.current_task():
            return  # the caller went on speaking meanwhile
        turn = [*self._committed, *heard]
        if finalized and len(pcm) > _LONGEST:
            self._committed = turn
            self._forget(len(pcm))
        text = " ".join(piece.text for piece in turn if piece.text)
        timestamp = self._context.clock.now().isoformat()
        frame = TranscriptionFrame(text, "", timestamp, finalized=finalized)
        frame.metadata["whole_turn"] = True
        # A cough behind a long piece makes no noise of the whole.
        frame.metadata["confidence"] = max((piece.confidence for piece in turn), default=0.0)
        self._decoding = None
        await self.push_frame(frame)

    def _run(self, pcm: npt.NDArray[np.int16]) -> Transcript:
        return load_moonshine(self._host).transcribe(pcm)

    async def _stop_decoding(self) -> None:
        # A decode that runs on its thread cannot be stopped: its result is dropped instead.
        decoding, self._decoding = self._decoding, None
        if decoding is not None and decoding is not asyncio.current_task():
            await self.cancel_task(decoding)

    def _forget(self, samples: int) -> None:
        self._audio = self._audio[samples:]
        self._from += samples
