"""When each pipeline's voice detector would let a turn end, found without any load.

Both run the same model over the same tape; they differ in thresholds and in the silence that they
wait for. The position at which a turn can end at the earliest is what each is configured for; what
comes after it, less the services' delays, is overhead.
"""

import numpy as np
import numpy.typing as npt
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADState

from agent.definition import TurnTaking
from bench.process import Side
from bench.stubs import LLM_S, RATE, STT_S, TTS_S
from pipelines.voice_activity import WINDOW, SpeechPause, VoiceActivity, VoiceActivityParams
from pipelines.voice_detector import VoiceDetector
from simulators.carrier.speech import FRAME

_SILENCE_MS = TurnTaking().pause_ms


def silence_ms() -> float:
    """The silence after which Callsure ends a turn that sounds complete."""
    return _SILENCE_MS


def services_ms(side: Side) -> float:
    """The stubs' delays that lie behind the endpoint.

    Callsure has the recogniser work during the silence that it waits for anyway: what is left of
    its delay when that is over counts.
    """
    answer = (LLM_S + TTS_S) * 1000
    if side is Side.STOCK:
        return STT_S * 1000 + answer
    return max(0.0, VoiceActivityParams().pause_ms + STT_S * 1000 - _SILENCE_MS) + answer


async def endpoints(side: Side, pcm: npt.NDArray[np.int16]) -> list[int]:
    """The positions in ``pcm`` at which a turn can end at the earliest, in order."""
    if side is Side.STOCK:
        return await _stock(pcm)
    return await _callsure(pcm)


async def _callsure(pcm: npt.NDArray[np.int16]) -> list[int]:
    detector = VoiceDetector()
    activity = VoiceActivity(VoiceActivityParams(onset_ms=TurnTaking().barge_in_ms))
    windows = len(pcm) // WINDOW
    confidences = await detector.open().confidences(pcm[: windows * WINDOW])
    detector.close()
    found = []
    for index, confidence in enumerate(confidences):
        for event in activity.feed(index * WINDOW, confidence):
            if isinstance(event, SpeechPause):
                found.append(event.speech_end + _SILENCE_MS * RATE // 1000)
    return found


async def _stock(pcm: npt.NDArray[np.int16]) -> list[int]:
    detector = SileroVADAnalyzer()
    detector.set_sample_rate(RATE)
    found = []
    before = VADState.QUIET
    for end in range(FRAME, len(pcm) + 1, FRAME):
        state = await detector.analyze_audio(pcm[end - FRAME : end].tobytes())
        if state is VADState.QUIET and before in (VADState.SPEAKING, VADState.STOPPING):
            found.append(end // WINDOW * WINDOW)
        before = state
    await detector.cleanup()
    return found
