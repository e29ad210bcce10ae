"""hibari (a distilled Kokoro, Apache-2.0) as a voice: written text in, 8 kHz speech out."""

import numpy as np
import numpy.typing as npt
import soxr

from agent.spoken import spoken
from core.model_host import ModelHost
from pipelines.line import SAMPLE_RATE
from pipelines.text_to_speech.cache import Speech, SpeechCache
from pipelines.text_to_speech.style import VoiceStyle
from pipelines.text_to_speech.timed_hibari import TimedHibari
from pipelines.text_to_speech.word_times import word_ends

_QUIET = 0.004  # of full scale: below this the model's edges are silence
_KEPT_EDGE = 0.03  # seconds of silence kept at either end
_DRIVE = np.float32(1.25)
_SENTENCE_GAP = 0.16  # seconds of silence behind a sentence, so that sentences do not run together


class HibariVoice:
    """The shared synthesiser. `speak` belongs on one thread at a time."""

    def __init__(self) -> None:
        self._model = TimedHibari()
        self._cache = SpeechCache()

    def speak(self, text: str, style: VoiceStyle) -> Speech:
        """Synthesise one sentence; fixed phrases come from memory."""
        key = (text, style)
        speech = self._cache.get(key)
        if speech is None:
            speech = self._synthesise(text, style)
            self._cache.put(key, speech)
        return speech

    def _synthesise(self, text: str, style: VoiceStyle) -> Speech:
        speech = self._model.say(spoken(text), style.speed)
        cut_ms, audio = _trim(speech.audio, self._model.sample_rate)
        audio = soxr.resample(audio, self._model.sample_rate, SAMPLE_RATE, quality="HQ")
        gain = _DRIVE * np.float32(10 ** (style.gain_db / 20))
        pcm = (np.tanh(audio * gain) * 32767).astype("<i2")  # what is loud is rounded, never cut
        alone = [self._model.phonemes(spoken(word)) for word in text.split()]
        ends = np.array(word_ends(alone, speech.phonemes, speech.ends_ms)) - cut_ms
        within = np.clip(ends, 0, len(pcm) * 1000 / SAMPLE_RATE)
        gap = np.zeros(round(_SENTENCE_GAP * SAMPLE_RATE), "<i2")
        return Speech(
            np.concatenate((pcm, gap)).tobytes(), tuple(round(float(end)) for end in within)
        )


def _trim(audio: npt.NDArray[np.float32], rate: int) -> tuple[float, npt.NDArray[np.float32]]:
    """Cut silence at both ends; returns the ms that were cut in front, and the audio."""
    loud = np.flatnonzero(np.abs(audio) > _QUIET)
    if not len(loud):
        return 0.0, audio
    edge = round(_KEPT_EDGE * rate)
    start = max(0, int(loud[0]) - edge)
    return start * 1000 / rate, audio[start : int(loud[-1]) + edge]


def load_voice(host: ModelHost) -> HibariVoice:
    """The process's voice (blocking on the first call)."""
    return host.load("hibari", HibariVoice)
