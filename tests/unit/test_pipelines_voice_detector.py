import asyncio
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.voice_activity import WINDOW
from pipelines.voice_detector import VoiceDetector, VoiceStream

SECOND = 31 * WINDOW


@pytest.fixture(scope="module")
def detector() -> Iterator[VoiceDetector]:
    detector = VoiceDetector()
    yield detector
    detector.close()


def hum(seed: int, windows: int = 31) -> npt.NDArray[np.int16]:
    """Something that a model has an opinion about: a buzzing voice, its pitch by ``seed``."""
    t = np.arange(windows * WINDOW) / 8000
    buzz = sum(np.sin(2 * np.pi * (100 + 15 * seed) * n * t) / n for n in range(1, 12))
    noise = np.random.default_rng(seed).normal(0, 0.05, len(t))
    level = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * t)
    return ((buzz * level + noise) * 4000).astype(np.int16)


async def alone(detector: VoiceDetector, pcm: npt.NDArray[np.int16]) -> list[float]:
    """The confidences of a call that has the detector to itself, a window at a time."""
    stream = VoiceStream(detector)
    return [
        confidence
        for at in range(0, len(pcm), WINDOW)
        for confidence in await stream.confidences(pcm[at : at + WINDOW])
    ]


async def test_many_calls_at_once_hear_what_each_would_alone(detector: VoiceDetector) -> None:
    calls = [hum(seed, windows=10 + seed) for seed in range(6)]
    expected = [await alone(detector, pcm) for pcm in calls]
    streams = [VoiceStream(detector) for _ in calls]
    together = await asyncio.gather(
        *(stream.confidences(pcm) for stream, pcm in zip(streams, calls, strict=True))
    )
    for found, wanted in zip(together, expected, strict=True):
        assert np.allclose(found, wanted, atol=1e-4)
    assert len({round(confidences[-1], 6) for confidences in expected}) > 1


async def test_pieces_of_any_size_are_one_stream(detector: VoiceDetector) -> None:
    pcm = hum(1, windows=12)
    stream = VoiceStream(detector)
    first = await stream.confidences(pcm[: 5 * WINDOW])
    rest = await stream.confidences(pcm[5 * WINDOW :])
    assert np.allclose(first + rest, await alone(detector, pcm), atol=1e-4)


async def test_one_call_s_voice_is_not_in_another_s_ear(detector: VoiceDetector) -> None:
    silence = np.zeros(SECOND, np.int16)
    quiet, loud = VoiceStream(detector), VoiceStream(detector)
    (heard, _) = await asyncio.gather(quiet.confidences(silence), loud.confidences(hum(2)))
    assert max(heard) < 0.2
    assert np.allclose(heard, await alone(detector, silence), atol=1e-4)


async def test_silence_is_no_voice_however_long(detector: VoiceDetector) -> None:
    confidences = await VoiceStream(detector).confidences(np.zeros(5 * SECOND, np.int16))
    assert len(confidences) == 5 * 31
    assert max(confidences) < 0.2


async def test_state_is_renewed_in_long_silence_only(detector: VoiceDetector) -> None:
    stream = VoiceStream(detector)
    await stream.confidences(np.zeros(62 * WINDOW, np.int16))
    assert stream.state.any()
    await stream.confidences(np.zeros(WINDOW, np.int16))
    assert not stream.state.any()


async def test_a_crowd_of_submissions_is_served_to_the_last(detector: VoiceDetector) -> None:
    streams = [detector.open() for _ in range(12)]  # more than need no company
    rounds = [
        asyncio.gather(*(stream.confidences(hum(n, windows=2)) for stream in streams))
        for n in range(5)
    ]
    found = await asyncio.gather(*rounds)
    assert {len(confidences) for one in found for confidences in one} == {2}
    for _ in streams:
        detector.release()


async def test_an_error_reaches_everybody_who_waits_and_nobody_after(
    detector: VoiceDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = [VoiceStream(detector) for _ in range(3)]

    def fail(jobs: object) -> None:
        raise RuntimeError("no memory")

    with monkeypatch.context() as patch:
        patch.setattr(detector, "score", fail)
        results = await asyncio.gather(
            *(stream.confidences(hum(0, 1)) for stream in streams), return_exceptions=True
        )
    assert [str(result) for result in results] == ["no memory"] * 3
    assert len(await streams[0].confidences(hum(0, 1))) == 1


async def test_one_who_stops_waiting_disturbs_nobody(detector: VoiceDetector) -> None:
    first = asyncio.create_task(VoiceStream(detector).confidences(hum(0)))
    second = asyncio.create_task(VoiceStream(detector).confidences(hum(1)))
    await asyncio.sleep(0)
    first.cancel()
    assert len(await second) == 31
    assert first.cancelled()
