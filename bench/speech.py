"""Human speech with its words: Debian's telephone prompts, and read sentences beside the checkout.

Nothing of it is part of the project. What is absent is skipped, and the reason is printed.
"""

import csv
import gzip
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile  # type: ignore[import-untyped]
import soxr

from core import ulaw
from simulators.carrier.speech import RATE, read_wav

PACKAGES = ("asterisk-core-sounds-en-wav", "asterisk-core-sounds-en")
_TEXTS = "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
_SOUNDS = "usr/share/asterisk/sounds/en_US_f_Allison"
_LEAST_WORDS = 8
_LONGEST = 15 * RATE  # samples: what the recogniser decodes in one piece
_FETCH_S = 120


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording at 8 kHz and what is said in it."""

    name: str
    text: str
    pcm: npt.NDArray[np.int16]


class SpeechMissingError(Exception):
    """A collection cannot be had here; the message says why."""


def prompts(cache: Path) -> list[Clip]:
    """Whole sentences among the telephone prompts of Debian's Asterisk packages.

    Fragments, and texts with symbols that are read out one way or another, are left aside.

    Raises:
        SpeechMissingError: The packages are neither in the cache nor to be had.
    """
    if not (cache / _TEXTS).is_file():
        _fetch(cache)
    texts = gzip.decompress((cache / _TEXTS).read_bytes()).decode()
    clips = []
    for name, text in _sentences(texts):
        path = cache / _SOUNDS / f"{name}.wav"
        pcm = ulaw.decode(read_wav(path)) if path.is_file() else np.zeros(0, np.int16)
        if 0 < len(pcm) <= _LONGEST:
            clips.append(Clip(name, text, pcm))
    return clips


def sentences(folder: Path) -> list[Clip]:
    """Read sentences that a manifest lists with their transcripts.

    Raises:
        SpeechMissingError: The folder is not there.
    """
    manifest = folder / "manifest.tsv"
    if not manifest.is_file():
        raise SpeechMissingError(f"there is no {manifest}")
    clips = []
    with manifest.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["kind"] != "sentence" or not row["transcript"]:
                continue
            pcm = _telephone(folder / row["file"])
            if 0 < len(pcm) <= _LONGEST:
                clips.append(Clip(row["file"], row["transcript"], pcm))
    return clips


def _sentences(texts: str) -> Iterator[tuple[str, str]]:
    for line in texts.splitlines():
        name, colon, text = (part.strip() for part in line.partition(":"))
        if not colon or not text or line.startswith(";"):
            continue
        whole = text[0].isupper() and text[-1] in ".?!" and "..." not in text
        if whole and not set("[(*#") & set(text) and len(text.split()) >= _LEAST_WORDS:
            yield name, text


def _telephone(path: Path) -> npt.NDArray[np.int16]:
    """A recording of any format and rate as the telephone carries it: 8 kHz, μ-law."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    narrow = soxr.resample(audio.mean(axis=1), rate, RATE, quality="HQ")
    return ulaw.decode(ulaw.encode((np.clip(narrow, -1, 1) * 32767).astype(np.int16)))


def _fetch(cache: Path) -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise SpeechMissingError("Debian's package tools are not installed")
    cache.mkdir(parents=True, exist_ok=True)
    try:
        _run(["apt-get", "download", *PACKAGES], cache)
        for package in cache.glob("*.deb"):
            _run(["dpkg-deb", "-x", str(package), str(cache)], cache)
    except (OSError, subprocess.SubprocessError) as error:
        raise SpeechMissingError(f"Debian's telephone prompts: {error}") from error
    if not (cache / _TEXTS).is_file():
        raise SpeechMissingError("Debian's telephone prompts hold no texts")


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(  # noqa: S603  (fixed arguments)
        command, cwd=folder, check=True, capture_output=True, timeout=_FETCH_S
    )
