"""Sounds that are no words."""

import wave
from pathlib import Path

import numpy as np
import soxr

from core import ulaw
from simulators.carrier.speech import RATE, Frame, frames

NOISES = Path(__file__).parents[3] / "shared" / "speech" / "noise"
"""Recordings of dogs, horns and children, where the machine has them."""

_PITCH_HZ = 110
_FORMANTS = ((500, 120, 1.0), (1500, 200, 0.3), (2500, 250, 0.1))  # Hz, width, strength


def grunt() -> tuple[Frame, ...]:
    """Half a second of a throat: voiced enough to pause an agent, and no word."""
    time = np.arange(RATE // 2) / RATE
    pitch = _PITCH_HZ * (1 + 0.03 * np.sin(10 * np.pi * time)) - 80 * time
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = np.zeros(len(time))
    for harmonic in range(1, 36):
        at = harmonic * _PITCH_HZ
        strength = sum(gain * np.exp(-(((at - f) / width) ** 2)) for f, width, gain in _FORMANTS)
        sound += strength * np.sin(harmonic * phase + harmonic % 2 * np.pi / 2)
    sound *= np.minimum(1, np.minimum(time / 0.03, (0.5 - time) / 0.08))
    return _as_frames(sound, 9000)


def hiss() -> tuple[Frame, ...]:
    """A second of noise on the line."""
    return _as_frames(np.random.default_rng(1).standard_normal(RATE), 9000)


def noise(path: Path, from_s: float, seconds: float) -> tuple[Frame, ...]:
    """A piece of a recorded noise, as loud as a voice."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32)
    piece = soxr.resample(samples, rate, RATE)[round(from_s * RATE) :][: round(seconds * RATE)]
    return _as_frames(piece, 14000)


def _as_frames(sound: np.typing.NDArray[np.float64], peak: int) -> tuple[Frame, ...]:
    return frames(ulaw.encode((sound / np.abs(sound).max() * peak).astype(np.int16)))
