import re
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import yaml

from core.errors import ConfigurationError
from pipelines.backchannels import SoundKind, classify
from pipelines.speech_to_text.moonshine import Moonshine

SCRIPT = Path(__file__).parents[2] / "examples" / "front_desk" / "script"
LINES = yaml.safe_load((SCRIPT / "script.yaml").read_text())["steps"]
FULL = [step for step in LINES if step["say"] != "mm_hm.wav"]  # a listener's sound has no spelling


@pytest.fixture(scope="module")
def recogniser() -> Moonshine:
    return Moonshine()


def spoken(name: str) -> npt.NDArray[np.int16]:
    with wave.open(str(SCRIPT / name), "rb") as file:
        assert file.getframerate() == 8000
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


@pytest.mark.parametrize("step", FULL, ids=[step["say"] for step in FULL])
def test_a_caller_s_line_is_what_it_says(recogniser: Moonshine, step: dict[str, str]) -> None:
    heard = recogniser.transcribe(spoken(step["say"]))
    said, wanted = words(heard.text), words(step["text"])
    wrong = sum(a != b for a, b in zip(said, wanted, strict=True))
    assert wrong <= 1, heard.text
    assert heard.confidence > 0.75


@pytest.mark.parametrize("seconds", [0.3, 1.0, 5.0])
def test_of_silence_it_is_not_sure(recogniser: Moonshine, seconds: float) -> None:
    assert recogniser.transcribe(np.zeros(round(8000 * seconds), np.int16)).confidence < 0.55


@pytest.mark.parametrize("level", [30, 300, 3000])
def test_of_noise_it_makes_no_words(recogniser: Moonshine, level: float) -> None:
    noise = np.random.default_rng(1).normal(0, level, 8000).astype(np.int16)
    heard = recogniser.transcribe(noise)
    assert classify(heard.text, heard.confidence, 0.55) is not SoundKind.WORDS


def test_text_never_grows_beyond_what_can_be_said(recogniser: Moonshine) -> None:
    # A beep tempts the decoder to loop.
    t = np.arange(3 * 8000) / 8000
    beep = (8000 * np.sin(2 * np.pi * 1000 * t)).astype(np.int16)
    assert len(recogniser.transcribe(beep).text.split()) <= 26


@pytest.mark.parametrize("samples", [0, 1, 60, 400, 799, 800])
def test_next_to_nothing_is_no_speech(recogniser: Moonshine, samples: int) -> None:
    assert recogniser.transcribe(np.zeros(samples, np.int16)).confidence < 0.55


def test_weights_that_were_changed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Moonshine.__init__.__globals__["_SHA256"], "tokenizer.bin", "0" * 64)
    with pytest.raises(ConfigurationError) as caught:
        Moonshine()
    assert caught.value.code == "weights_changed"
