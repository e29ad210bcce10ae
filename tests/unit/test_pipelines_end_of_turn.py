import asyncio
import threading
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from core.model_host import ModelHost
from pipelines.end_of_turn import HORIZON, EndOfTurn


class Analyzer:
    """Stands for Smart Turn: keeps what it was asked."""

    def __init__(self) -> None:
        self.heard: list[npt.NDArray[np.float32]] = []
        self.threads: set[str] = set()

    def _predict_endpoint(self, audio: npt.NDArray[np.float32]) -> dict[str, float]:
        self.heard.append(audio)
        self.threads.add(threading.current_thread().name)
        return {"prediction": 1, "probability": 0.75}


@pytest.fixture
def host() -> Iterator[ModelHost]:
    host = ModelHost()
    yield host
    host.close()


@pytest.fixture
def analyzer(host: ModelHost) -> Analyzer:
    return host.load("smart_turn", Analyzer)


async def test_the_model_hears_the_last_8_s_at_full_scale_1(
    host: ModelHost, analyzer: Analyzer
) -> None:
    pcm = np.zeros(HORIZON + 8000, np.int16)
    pcm[:8000] = 1  # too long ago
    pcm[-1] = -32768
    assert await EndOfTurn(host).probability(pcm) == 0.75
    (heard,) = analyzer.heard
    assert heard.dtype == np.float32
    assert len(heard) == HORIZON
    assert (heard.max(), heard.min()) == (0.0, -1.0)


async def test_all_calls_share_one_model_on_one_thread(host: ModelHost, analyzer: Analyzer) -> None:
    calls = [EndOfTurn(host) for _ in range(4)]
    await asyncio.gather(*(call.probability(np.zeros(800, np.int16)) for call in calls))
    assert len(analyzer.heard) == 4
    assert analyzer.threads == {"model-end_of_turn_0"}


def test_smart_turn_answers_after_warming_up(host: ModelHost) -> None:
    end_of_turn = EndOfTurn(host)
    end_of_turn.warm()
    probability = asyncio.run(end_of_turn.probability(np.zeros(8000, np.int16)))
    assert 0 <= probability <= 1
