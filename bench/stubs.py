"""Speech services that take a known time and do nothing: the same for both pipelines.

What remains of a measured latency, once their delays are taken off, is the pipeline's own.
"""

import asyncio
from collections.abc import AsyncGenerator

import numpy as np
from pipecat.frames.frames import Frame, TranscriptionFrame, TTSAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import STTSettings, TTSSettings
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.utils.time import time_now_iso8601

RATE = 8000
STT_S = 0.05
LLM_S = 0.1
TTS_S = 0.1

AUTH_TOKEN = "of-the-bench"  # noqa: S105  (signs webhooks on loopback)
ADDRESSES = "addresses.json"
"""The file, in the home of a server under test, that says where its database and bucket are."""
VOICE_PATH = "/twilio/voice"
STREAM_PATH = "/twilio/stream"

GREETING = "Hello there."
HEARD = "What time do you open on Saturday?"
SHORT_NUMBER = "+15550100100"
LONG_NUMBER = "+15550100101"
"""Callers who want to listen dial the short answers, those who want to barge in the long ones."""
ANSWERS = {
    SHORT_NUMBER: ("We open at nine on every weekday.", "We close at five in the afternoon."),
    LONG_NUMBER: ("Our opening hours are not the same on every day of the week, as follows.",) * 2,
}

_SECONDS_PER_CHARACTER = 0.06
_PIECE = RATE // 5  # a streaming voice sends about so much at a time
_TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(10 * RATE) / RATE)).astype("<i2").tobytes()


class StubSTT(STTService):
    """Knows what was said ``STT_S`` after the frame of type ``final_on``.

    Args:
        final_on: What makes a streaming recogniser finalise: the pipeline's own frame for it.
        options: Of Pipecat's base class, as the pipeline's own recognisers set them.
    """

    def __init__(self, final_on: type[Frame], **options: bool) -> None:
        settings = STTSettings(model="stub", language=None)
        super().__init__(settings=settings, ttfs_p99_latency=STT_S + 0.3, **options)
        self._final_on = final_on
        self._recognising: asyncio.Task[None] | None = None

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Take audio as a client of a streaming service would: it is sent, and that is all."""
        return
        yield None  # makes this a generator, as the base class wants one

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Finalise when the pipeline says so."""
        await super().process_frame(frame, direction)
        if isinstance(frame, self._final_on):
            await self.recognise(finalized=True)

    async def recognise(self, *, finalized: bool) -> None:
        """Answer after the service's delay; an answer that is under way is not wanted any more."""
        await self.stop_recognising()
        self._recognising = self.create_task(self._answer(finalized))

    async def stop_recognising(self) -> None:
        """Drop the answer that is under way."""
        if self._recognising is not None and not self._recognising.done():
            await self.cancel_task(self._recognising)

    async def cleanup(self) -> None:
        """Release the task."""
        await self.stop_recognising()
        await super().cleanup()

    async def _answer(self, finalized: bool) -> None:
        await asyncio.sleep(STT_S)
        frame = TranscriptionFrame(HEARD, "", time_now_iso8601(), finalized=finalized)
        frame.metadata["whole_turn"] = True
        await self.push_frame(frame)


class StubTTS(TTSService):
    """Says each sentence as a tone of a length that fits its text, ``TTS_S`` after it is asked."""

    def __init__(self) -> None:
        super().__init__(
            push_start_frame=True,
            push_stop_frames=True,
            sample_rate=RATE,
            settings=TTSSettings(model="stub", voice="stub", language=None),
        )

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Yield the tone in pieces, as fast as they are taken."""
        await asyncio.sleep(TTS_S)
        samples = round(len(text) * _SECONDS_PER_CHARACTER * RATE)
        for start in range(0, samples, _PIECE):
            audio = _TONE[2 * start : 2 * min(samples, start + _PIECE)]
            yield TTSAudioRawFrame(audio, RATE, 1, context_id=context_id)
