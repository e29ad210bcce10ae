"""Voice activity from a row of confidences: onset, pause, end. Pure; positions in samples."""

from dataclasses import dataclass

from pipelines.line import SAMPLE_RATE

WINDOW = 256
"""Samples per confidence: Silero's window at 8 kHz, 32 ms."""


@dataclass(frozen=True, slots=True)
class VoiceActivityParams:
    """When voice counts as speech, and silence as a pause or an end."""

    threshold: float = 0.6
    release: float = 0.4
    onset_ms: int = 128
    pause_ms: int = 96
    stop_ms: int = 192


@dataclass(frozen=True, slots=True)
class SpeechOnset:
    """Speech began at ``onset``; known once it had lasted ``onset_ms``."""

    onset: int


@dataclass(frozen=True, slots=True)
class SpeechPause:
    """The voice has been silent for ``pause_ms`` since ``speech_end``."""

    speech_end: int


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """The voice came back after a pause, before speech counted as stopped."""


@dataclass(frozen=True, slots=True)
class SpeechStop:
    """The voice has been silent for ``stop_ms`` since ``speech_end``."""

    speech_end: int


VoiceEvent = SpeechOnset | SpeechPause | SpeechResumed | SpeechStop


class VoiceActivity:
    """Hysteresis over confidences, one per window of 256 samples.

    Pipecat's analyser has the same states but reports neither where the voice really began and
    ended nor the pause before the stop, which the waterfall and speculative decoding need.
    """

    def __init__(self, params: VoiceActivityParams | None = None) -> None:
        self._params = params or VoiceActivityParams()
        self._speaking = False
        self._paused = False
        self._voiced = 0
        self._silent = 0
        self._last_voiced_end = 0

    @property
    def speaking(self) -> bool:
        """Whether speech has begun and not stopped."""
        return self._speaking

    def feed(self, start: int, confidence: float) -> list[VoiceEvent]:
        """Take the confidence of the window that begins at sample ``start``."""
        voiced = confidence >= (self._params.release if self._speaking else self._params.threshold)
        return self._voice(start) if voiced else self._silence()

    def _voice(self, start: int) -> list[VoiceEvent]:
        self._voiced += 1
        self._silent = 0
        self._last_voiced_end = start + WINDOW
        if self._speaking:
            if self._paused:
                self._paused = False
                return [SpeechResumed()]
            return []
        if _ms(self._voiced) < self._params.onset_ms:
            return []
        self._speaking = True
        self._paused = False
        return [SpeechOnset(start + WINDOW - self._voiced * WINDOW)]

    def _silence(self) -> list[VoiceEvent]:
        self._silent += 1
        if not self._speaking:
            self._voiced = 0
            return []
        events: list[VoiceEvent] = []
        if not self._paused and _ms(self._silent) >= self._params.pause_ms:
            self._paused = True
            events.append(SpeechPause(self._last_voiced_end))
        if _ms(self._silent) >= self._params.stop_ms:
            self._speaking = self._paused = False
            self._voiced = 0
            events.append(SpeechStop(self._last_voiced_end))
        return events


def _ms(windows: int) -> int:
    return windows * WINDOW * 1000 // SAMPLE_RATE
