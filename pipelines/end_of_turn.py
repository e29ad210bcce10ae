"""Smart Turn, loaded once for all calls of a process.

Pipecat's analyser is made per call: 46 MB and 50 ms of the event loop each. Its prediction is
stateless, so one instance serves every call from the model host's threads.
"""

import numpy as np
import numpy.typing as npt
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3

from core.model_host import ModelHost
from pipelines.line import SAMPLE_RATE

HORIZON = 8 * SAMPLE_RATE
"""Samples the model looks back: 8 s."""


class EndOfTurn:
    """Judges whether a caller who fell silent has finished."""

    def __init__(self, host: ModelHost) -> None:
        self._host = host

    def warm(self) -> None:
        """Load the model and run it once (blocking)."""
        self._predict(np.zeros(SAMPLE_RATE, np.int16))

    async def probability(self, pcm: npt.NDArray[np.int16]) -> float:
        """Probability, 0 … 1, that the turn is complete, from up to 8 s of 8 kHz audio."""
        return await self._host.run("end_of_turn", self._predict, pcm[-HORIZON:])

    def _predict(self, pcm: npt.NDArray[np.int16]) -> float:
        model = self._host.load("smart_turn", _load)
        audio = pcm.astype(np.float32) / np.float32(32768)
        return float(model._predict_endpoint(audio)["probability"])


def _load() -> LocalSmartTurnAnalyzerV3:
    model = LocalSmartTurnAnalyzerV3(sample_rate=SAMPLE_RATE)
    model.set_sample_rate(SAMPLE_RATE)
    return model
