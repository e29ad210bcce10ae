"""hibari (a distilled Kokoro, Apache-2.0) as a voice: written text in, 8 kHz speech out."""

import numpy as np
import numpy.typing as npt
import soxr
from hibari import Hibari

from agent.spoken import spoken
from core.model_host import ModelHost
from pipelines.heard import spread_words
from pipelines.line import SAMPLE_RATE
from pipelines.text_to_speech.cache import Speech, SpeechCache
from pipelines.text_to_speech.style import VoiceStyle

_DIPHTHONGS = frozenset("AIOWYQ")
_VOWELS = frozenset("aeiouæɑɒɔəɚɛɜɪʊʌᵻɐ")
_STRESS = frozenset("ˈˌ")
# Relative lengths, fitted by ear and by the tape: a long vowel lasts about twice a consonant.
_WEIGHTS = {"diphthong": 1.7, "vowel": 1.1, "consonant": 0.8, "stress": 0.35}
_PAUSES = {",": 2.0, ";": 2.5, ":": 2.5, ".": 3.0, "!": 3.0, "?": 3.0, "…": 3.0, "—": 2.5}
_QUIET = 0.004  # of full scale: below this the model's edges are silence
_KEPT_EDGE = 0.03  # seconds of silence kept at either end
_SENTENCE_GAP = 0.16  # seconds of silence behind a sentence, so that sentences do not run together
_SEED = 7  # the noise in the voice is drawn from it: the same text is the same audio


class HibariVoice:
    """The shared synthesiser. `speak` belongs on one thread at a time."""

    def __init__(self) -> None:
        self._model = Hibari()
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
        audio = self._model(spoken(text), speed=style.speed, seed=_SEED)
        lead, audio = _trim(audio, self._model.sample_rate)
        audio = audio * np.float32(10 ** (style.gain_db / 20))
        audio = np.tanh(audio * np.float32(0.9)) / np.float32(np.tanh(0.9))
        small = soxr.resample(audio, self._model.sample_rate, SAMPLE_RATE, quality="HQ")
        pcm = (np.clip(small, -1, 1) * 32767).astype("<i2")
        spoken_ms = len(pcm) * 1000 / SAMPLE_RATE
        ends = spread_words(text, [self._weight(word) for word in text.split()], spoken_ms - lead)
        gap = np.zeros(round(_SENTENCE_GAP * SAMPLE_RATE), "<i2")
        return Speech(
            np.concatenate((pcm, gap)).tobytes(), tuple(round(end + lead) for end in ends)
        )

    def _weight(self, word: str) -> float:
        """How long a written word lasts against the others, from its phonemes."""
        said = spoken(word)
        weight = 0.0
        for phonemes in self._model.phonemize(said):
            weight += sum(_phoneme_weight(p) for p in phonemes)
        return weight + _PAUSES.get(word[-1], 0.0) if word else weight


def _phoneme_weight(phoneme: str) -> float:
    if phoneme in _STRESS:
        return _WEIGHTS["stress"]
    if phoneme in _DIPHTHONGS:
        return _WEIGHTS["diphthong"]
    if phoneme in _VOWELS:
        return _WEIGHTS["vowel"]
    return _WEIGHTS["consonant"] if phoneme.isalpha() else 0.0


def _trim(audio: npt.NDArray[np.float32], rate: int) -> tuple[float, npt.NDArray[np.float32]]:
    """Cut silence at both ends; returns the silence kept in front, in ms, and the audio."""
    loud = np.flatnonzero(np.abs(audio) > _QUIET)
    if not len(loud):
        return 0.0, audio
    edge = round(_KEPT_EDGE * rate)
    start = max(0, int(loud[0]) - edge)
    lead = (int(loud[0]) - start) * 1000 / rate
    return lead, audio[start : int(loud[-1]) + edge]


def load_voice(host: ModelHost) -> HibariVoice:
    """The process's voice (blocking on the first call)."""
    return host.load("hibari", HibariVoice)
