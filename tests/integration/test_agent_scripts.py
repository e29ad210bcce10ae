"""The recorded callers: what the recogniser makes of each line, and whether the agent copes."""

import wave
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from core import ulaw
from pipelines.backchannels import SoundKind, classify
from pipelines.speech_to_text.moonshine import Moonshine
from tests.businesses import EXAMPLES, Caller

SCRIPTS = sorted(EXAMPLES.glob("*/script/script.yaml"))
RATE = 8000
SURE = 0.55


@cache
def _recogniser() -> Moonshine:
    return Moonshine()


def _steps() -> list[Any]:
    return [
        pytest.param(script.parent, step, id=f"{script.parent.parent.name}: {step['say']}")
        for script in SCRIPTS
        for step in yaml.safe_load(script.read_text(encoding="utf-8"))["steps"]
    ]


def _audio(path: Path) -> np.ndarray[Any, np.dtype[np.int16]]:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def _heard(path: Path, silence_ms: int) -> tuple[str, float]:
    """What the recogniser makes of a line that came over a telephone, and how surely."""
    quiet = np.zeros(RATE * silence_ms // 1000, np.int16)
    line = np.concatenate([quiet, _audio(path), quiet])
    transcript = _recogniser().transcribe(ulaw.decode(ulaw.encode(line)))
    return transcript.text, transcript.confidence


@pytest.mark.parametrize(("folder", "step"), _steps())
def test_a_recording_is_loud_short_and_small(folder: Path, step: dict[str, Any]) -> None:
    audio = _audio(folder / step["say"])

    assert 0.45 < np.abs(audio.astype(float)).max() / 32768 < 0.55  # -6 dBFS
    assert len(audio) < 4 * RATE
    assert np.abs(audio[:400]).max() < 500
    assert np.abs(audio[-400:]).max() < 500


@pytest.mark.parametrize("silence_ms", [0, 200, 400])
@pytest.mark.parametrize(("folder", "step"), _steps())
async def test_the_agent_does_what_the_script_expects_of_what_was_heard(
    folder: Path, step: dict[str, Any], silence_ms: int
) -> None:
    text, confidence = _heard(folder / step["say"], silence_ms)
    expect = step["expect"]
    assert confidence > SURE
    if expect.get("resumes"):
        assert classify(text, confidence, SURE) is SoundKind.BACKCHANNEL
        return
    caller = Caller(folder.parent.name)

    answer = (await caller.say(text, confidence)).lower()

    for needed in expect.get("answer_contains_all", ()):
        assert needed.lower() in answer
    assert any(some.lower() in answer for some in expect.get("answer_contains_any", [""]))
    for wrong in expect.get("not_contains", ()):
        assert wrong.lower() not in answer
    covered = caller.retrieved.retrieval.covered if caller.retrieved else None
    assert (covered is False) == bool(expect.get("not_covered"))
    assert any(done.tool == "hang_up" for done in caller.done) == bool(expect.get("hangs_up"))
