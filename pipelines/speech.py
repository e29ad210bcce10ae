"""The speech services of a process: what all calls share, and what makes each call its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pipecat.processors.frame_processor import FrameProcessor

from core.model_host import ModelHost
from pipelines.context import CallContext
from pipelines.end_of_turn import EndOfTurn
from pipelines.line import SAMPLE_RATE
from pipelines.speech_to_text.transcript import Transcript
from pipelines.text_to_speech.style import VoiceStyle
from pipelines.voice_activity import WINDOW
from pipelines.voice_detector import VoiceDetector


@dataclass(frozen=True, slots=True)
class SpeechServices:
    """Makes a call's own speech services over the shared models."""

    stt: Callable[[CallContext], FrameProcessor]
    tts: Callable[[CallContext, VoiceStyle], FrameProcessor]
    voices: VoiceDetector
    end_of_turn: EndOfTurn
    transcribe: Callable[[npt.NDArray[np.int16]], Awaitable[Transcript]]


def embedded_speech(host: ModelHost) -> SpeechServices:
    """Speech services that need no account (blocking: loads the voice detector)."""
    # The engines are an extra: a server on cloud providers imports none of them.
    from pipelines.speech_to_text.embedded import EmbeddedSTT
    from pipelines.speech_to_text.moonshine import load_moonshine
    from pipelines.text_to_speech.embedded import EmbeddedTTS

    async def transcribe(pcm: npt.NDArray[np.int16]) -> Transcript:
        return await host.run("transcribe", lambda: load_moonshine(host).transcribe(pcm))

    return SpeechServices(
        stt=lambda context: EmbeddedSTT(host, context),
        tts=lambda _, style: EmbeddedTTS(host, style),
        voices=VoiceDetector(),
        end_of_turn=EndOfTurn(host),
        transcribe=transcribe,
    )


async def warm_embedded(
    host: ModelHost, speech: SpeechServices, phrases: Iterable[tuple[str, VoiceStyle]]
) -> None:
    """Load and run every model once, and synthesise the phrases that calls begin with."""
    from pipelines.speech_to_text.moonshine import load_moonshine
    from pipelines.text_to_speech.hibari import load_voice

    def recognise() -> None:
        load_moonshine(host).transcribe(np.zeros(SAMPLE_RATE, np.int16))

    def speak() -> None:
        voice = load_voice(host)
        for text, style in phrases:
            voice.speak(text, style)

    await asyncio.gather(
        host.run("transcribe", recognise),
        host.run("synthesise", speak),
        host.run("end_of_turn", speech.end_of_turn.warm),
        speech.voices.open().confidences(np.zeros(WINDOW, np.int16)),
    )
    speech.voices.release()
