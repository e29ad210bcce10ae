"""What a caller said that nobody got to transcribe, found in the recording afterwards."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.backchannels import SoundKind, classify
from pipelines.line import SAMPLE_RATE
from pipelines.speech import SpeechServices
from pipelines.voice_activity import WINDOW, SpeechOnset, SpeechStop, VoiceActivity

_MARGIN = SAMPLE_RATE * 3 // 10
_LEAST_CONFIDENCE = 0.55
_LONGEST = 18 * SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class LastWords:
    """One stretch of speech; positions are samples of the audio that was searched."""

    start: int
    end: int
    text: str
    confidence: float
    kind: SoundKind


async def last_words(pcm: npt.NDArray[np.int16], speech: SpeechServices) -> LastWords | None:
    """Transcribe the speech in ``pcm``, 8 kHz; None where there is none."""
    whole = pcm[: len(pcm) // WINDOW * WINDOW]
    if not len(whole):
        return None
    stream = speech.voices.open()
    try:
        confidences = await stream.confidences(whole)
    finally:
        speech.voices.release()
    found = _bounds(confidences, len(pcm))
    if found is None:
        return None
    start, end = found
    heard = await speech.transcribe(pcm[max(0, start - _MARGIN) : end + _MARGIN])
    kind = classify(heard.text, heard.confidence, _LEAST_CONFIDENCE)
    return LastWords(start, end, heard.text, heard.confidence, kind)


def _bounds(confidences: list[float], length: int) -> tuple[int, int] | None:
    """From an onset to the last end of speech: as much as a recogniser takes at once."""
    activity = VoiceActivity()
    onsets: list[int] = []
    end = length
    for index, confidence in enumerate(confidences):
        for event in activity.feed(index * WINDOW, confidence):
            if isinstance(event, SpeechOnset):
                onsets.append(event.onset)
                end = length
            elif isinstance(event, SpeechStop):
                end = event.speech_end
    if not onsets:
        return None
    return next((onset for onset in onsets if end - onset <= _LONGEST), end - _LONGEST), end
