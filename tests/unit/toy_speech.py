"""Speech that needs no model: each word is a stretch of one level, so anybody can read it back.

The services over it are the real ones; only the models in their host are these. Models take time
on the test's clock.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, TypeVarTuple

import numpy as np
import numpy.typing as npt

from core import ulaw
from core.clock import Clock
from core.model_host import ModelHost
from pipelines.end_of_turn import EndOfTurn
from pipelines.speech import SpeechServices
from pipelines.speech_to_text.embedded import EmbeddedSTT
from pipelines.speech_to_text.transcript import Transcript
from pipelines.text_to_speech.cache import Speech
from pipelines.text_to_speech.embedded import EmbeddedTTS
from pipelines.text_to_speech.style import VoiceStyle
from pipelines.voice_activity import WINDOW
from pipelines.voice_detector import VoiceDetector, VoiceStream

WORD = 2400
"""Samples a word: 300 ms."""
_LEAST = 800  # of a word, to be understood
_TAKES = {"transcribe": 0.1, "end_of_turn": 0.06, "synthesise": 0.03}
_COUGH = "[cough]"
Pcm = npt.NDArray[np.int16]
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Words:
    """The level of each word, and the word of each level. Loud levels only: silence is 0."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._words: list[str] = []

    def ulaw(self, text: str) -> bytes:
        """The text as telephone audio."""
        return b"".join(bytes([self._code(word)]) * WORD for word in text.split())

    def pcm(self, text: str) -> Pcm:
        """The text as 16-bit audio."""
        return ulaw.decode(self.ulaw(text))

    def read(self, audio: bytes, least: int = _LEAST) -> str:
        """The words of which at least so many samples lie in the audio."""
        samples = np.frombuffer(audio, np.uint8)
        edges = [0, *(np.flatnonzero(np.diff(samples)) + 1).tolist(), len(samples)]
        found = (
            self._words[samples[a]]
            for a, b in zip(edges, edges[1:], strict=False)
            if b - a >= least and samples[a] < len(self._words)
        )
        return " ".join(found)

    def transcribe(self, pcm: Pcm) -> Transcript:
        """What a recogniser makes of it: of a cough, a word that it is not sure of."""
        text = self.read(ulaw.encode(pcm))
        return Transcript("You", 0.4) if text in ("", _COUGH) else Transcript(text, 0.9)

    def _code(self, word: str) -> int:
        if word not in self._codes:
            self._codes[word] = len(self._words)
            self._words.append(word)
        return self._codes[word]


class ToyVoice:
    """The synthesiser."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def speak(self, text: str, style: VoiceStyle) -> Speech:
        ends = range(300, 300 * len(text.split()) + 1, 300)
        return Speech(self._words.pcm(text).tobytes(), tuple(ends))


class ToyHost(ModelHost):
    """Runs a model at once and takes its time on the clock; what breaks, breaks by its lane."""

    def __init__(self, clock: Clock, models: dict[str, Any]) -> None:
        super().__init__()
        self._models = models
        self._clock = clock
        self.broken: dict[str, Exception] = {}
        self.runs: list[str] = []

    async def run(self, lane: str, function: Callable[[*Ts], T], *args: *Ts) -> T:
        self.runs.append(lane)
        await self._clock.sleep(_TAKES[lane])
        if lane in self.broken:
            raise self.broken[lane]
        return function(*args)


class ToyEndOfTurn(EndOfTurn):
    """A turn is over unless its last word ends in a comma."""

    def __init__(self, host: ModelHost, words: Words) -> None:
        super().__init__(host)
        self._words = words

    def _predict(self, pcm: Pcm) -> float:
        return 0.1 if self._words.read(ulaw.encode(pcm)).endswith(",") else 0.9


class _ToyStream(VoiceStream):
    async def confidences(self, pcm: Pcm) -> list[float]:
        loud = np.abs(pcm.astype(np.int32)).reshape(-1, WINDOW).mean(axis=1) > 100
        return [float(window) for window in loud]


class ToyVoices(VoiceDetector):
    """Whatever is no silence is voice. Counts its streams."""

    def __init__(self) -> None:
        self.streams = 0

    def open(self) -> VoiceStream:
        self.streams += 1
        return _ToyStream(self)

    def release(self) -> None:
        self.streams -= 1


def toy_speech(clock: Clock, words: Words) -> tuple[SpeechServices, ToyHost]:
    """The embedded services over toy models."""
    host = ToyHost(clock, {"moonshine": words, "hibari": ToyVoice(words)})

    async def transcribe(pcm: Pcm) -> Transcript:
        return await host.run("transcribe", words.transcribe, pcm)

    services = SpeechServices(
        stt=lambda context: EmbeddedSTT(host, context),
        tts=lambda _, style: EmbeddedTTS(host, style),
        voices=ToyVoices(),
        end_of_turn=ToyEndOfTurn(host, words),
        transcribe=transcribe,
    )
    return services, host


def silence(seconds: float) -> bytes:
    """Nothing, as telephone audio."""
    return bytes([ulaw.SILENCE]) * round(8000 * seconds)


def joined(parts: Iterable[bytes]) -> Pcm:
    """Telephone audio as the recogniser sees it."""
    return ulaw.decode(b"".join(parts))
