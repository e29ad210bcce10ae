import gzip
import wave
from pathlib import Path

import numpy as np
import pytest

from bench.speech import SpeechMissingError, prompts, sentences

_TEXTS = """\
; Core sounds
whole: Please enter your agent number followed by the pound key.
short: Please try again.
fragment: ...to lock, or unlock the conference for everybody who is in it.
symbol: Press * to toggle pause, press # to enter a new dictation filename.
absent: This sentence has words enough but no recording at all.
long: This sentence has words enough but takes far too long to say.
"""


def _wav(path: Path, seconds: float, rate: int = 8000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.full(round(seconds * rate), 1000, "<i2").tobytes())


def test_prompts_are_whole_sentences_with_a_recording(tmp_path: Path) -> None:
    texts = tmp_path / "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
    texts.parent.mkdir(parents=True)
    texts.write_bytes(gzip.compress(_TEXTS.encode()))
    sounds = tmp_path / "usr/share/asterisk/sounds/en_US_f_Allison"
    for name, seconds in {"whole": 2, "short": 1, "fragment": 2, "symbol": 2, "long": 16}.items():
        _wav(sounds / f"{name}.wav", seconds)
    (clip,) = prompts(tmp_path)
    assert (clip.name, len(clip.pcm)) == ("whole", 16_000)
    assert clip.text.startswith("Please enter")


def test_prompts_that_cannot_be_had_say_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SpeechMissingError, match="package tools"):
        prompts(tmp_path / "cache")


def test_sentences_come_from_the_manifest_at_the_telephones_rate(tmp_path: Path) -> None:
    _wav(tmp_path / "sentences/a.wav", 1.0, rate=16_000)
    _wav(tmp_path / "noise/b.wav", 1.0)
    (tmp_path / "manifest.tsv").write_text(
        "file\tkind\ttranscript\nsentences/a.wav\tsentence\tten of clubs\nnoise/b.wav\tnoise\t\n"
    )
    (clip,) = sentences(tmp_path)
    assert (clip.text, len(clip.pcm)) == ("ten of clubs", 8_000)


def test_absent_sentences_say_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SpeechMissingError, match=r"manifest\.tsv"):
        sentences(tmp_path)
